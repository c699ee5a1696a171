import { createHash } from 'node:crypto';
import { constants, open, readlink, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { RelaunchError } from '../contracts/failures.ts';
import { wrongTarget } from './archive-rules.ts';
import { checkSize, codeFiles, notPacked, versionOf, type CodeFile } from './code-files.ts';
import { systemReason } from './system-errors.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-blocks.ts';

const mebibyte = 1_024 * 1_024;

/** A directory of code as one object, known by its content. */
export interface PackedDirectory {
  /** SHA-256 of the uncompressed tar, in hex: the same for the same content, wherever and whenever it was packed. */
  digest: string;
  /** The tar, compressed with gzip. */
  bytes: Uint8Array;
  /** Files and symbolic links. */
  files: number;
  /** Of the files, uncompressed. */
  sizeBytes: number;
}

/** Of all files of an archive, uncompressed. */
export const mostPackedBytes = 512 * mebibyte;

interface PackOptions {
  /** Of all files, uncompressed; default {@link mostPackedBytes}. */
  maxBytes?: number;
}

/**
 * Packs a directory so that the same content has the same digest on any machine at any time: sorted paths, no times, no owners, modes
 * 0644 and 0755. Left out: what `.gitignore` and `.relaunchignore` say, `.git`, empty directories.
 * @throws RelaunchError LaunchRejected where something cannot be packed, changes meanwhile, or is too large
 */
export async function packDirectory(
  directory: string,
  { maxBytes = mostPackedBytes }: PackOptions = {},
): Promise<PackedDirectory> {
  const files = await codeFiles(directory);
  const sizeBytes = checkSize(directory, files, maxBytes);
  return { ...(await packTar(blocksOf(files))), files: files.length, sizeBytes };
}

/** A tar as an object that is known by its content. */
export async function packTar(blocks: AsyncIterable<Uint8Array>): Promise<Pick<PackedDirectory, 'digest' | 'bytes'>> {
  const hash = createHash('sha256');
  const source = Readable.from(hashed(blocks, hash));
  const gzip = createGzip({ level: 6 });
  source.on('error', (error) => gzip.destroy(error)).pipe(gzip);
  const bytes = Buffer.concat((await gzip.toArray()) as Buffer[]);
  return { digest: hash.digest('hex'), bytes };
}

async function* hashed(
  blocks: AsyncIterable<Uint8Array>,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const bytes of blocks) {
    hash.update(bytes);
    yield bytes;
  }
}

async function* blocksOf(files: CodeFile[]): AsyncGenerator<Uint8Array> {
  // Readers take an archive without any entry for a damaged one.
  if (files.length === 0) yield tarHeader({ path: './', mode: 0o755, size: 0, type: 'Directory' });
  for (const file of files) {
    if (file.isLink) yield* linkBlocks(file);
    else yield* fileBlocks(file);
  }
  yield tarEnd();
}

async function* linkBlocks({ path, absolute }: CodeFile): AsyncGenerator<Uint8Array> {
  const linkpath = await readlink(absolute).catch((cause: unknown) => {
    throw notPacked(path, systemReason(cause), cause);
  });
  const wrong = wrongTarget(path, linkpath);
  if (wrong !== undefined) throw notPacked(path, wrong);
  yield tarHeader({ path, linkpath, mode: 0o755, size: 0, type: 'SymbolicLink' });
}

async function* fileBlocks(file: CodeFile): AsyncGenerator<Uint8Array> {
  // A FIFO that took the file's place must not make us wait for its writer.
  const handle = await open(file.absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause: unknown) => {
      throw notPacked(file.path, systemReason(cause), cause);
    },
  );
  try {
    const { mode } = await unchanged(file, handle);
    yield tarHeader({
      path: file.path,
      mode: (mode & 0o100n) === 0n ? 0o644 : 0o755,
      size: file.sizeBytes,
      type: 'File',
    });
    yield* contentOf(file, handle);
    await unchanged(file, handle);
  } finally {
    await handle.close();
  }
}

async function* contentOf(file: CodeFile, handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < file.sizeBytes;) {
    const buffer = Buffer.allocUnsafe(Math.min(mebibyte, file.sizeBytes - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position).catch((cause: unknown) => {
      throw notPacked(file.path, systemReason(cause), cause);
    });
    if (bytesRead === 0) throw changed(file);
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  yield tarPadding(file.sizeBytes);
}

async function unchanged(file: CodeFile, handle: FileHandle) {
  const stat = await handle.stat({ bigint: true });
  if (versionOf(stat) !== file.version) throw changed(file);
  return stat;
}

function changed({ path }: CodeFile): RelaunchError {
  return new RelaunchError(
    'LaunchRejected',
    `${path} changed while it was packed: try again when nothing writes to it, or leave it out in .relaunchignore`,
  );
}
