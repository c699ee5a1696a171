import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { staysInside, wrongPath } from './archive-rules.ts';

export interface ArchiveLimits {
  maxBytes: number;
  maxEntries: number;
}

/** Formats that the tar parser would take apart once more, behind our limits. */
const compressed = [Buffer.from([0x1f, 0x8b]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])];

/** Writers fill up their last record. Of more than that the parser would keep all, and copy it again with every chunk. */
const mostPaddingBytes = 65_536;

/**
 * Reads a compressed tar to its end and writes nothing. Answers the digest of the tar.
 * @throws Error saying what in it must not be unpacked: anything but files, directories and symbolic links inside the tree, a path twice
 * or through a link or file, too much of anything, damage
 */
export async function inspectArchive(bytes: Uint8Array, limits: ArchiveLimits): Promise<string> {
  const hash = createHash('sha256');
  const entries = new EntryCheck(limits);
  const parser = new Parser({ strict: true, brotli: false, zstd: false });
  let failure: Error | undefined;
  parser.on('error', (error: Error) => (failure ??= error));
  parser.on(
    'ignoredEntry',
    ({ path }: ReadEntry) => (failure ??= new Error(`${path} is of a kind that is not allowed`)),
  );
  parser.on('entry', (entry: ReadEntry) => {
    failure ??= entries.wrong(entry);
    entry.resume();
  });
  let size = 0;
  let endedAt = Infinity;
  parser.on('eof', () => (endedAt = size));
  for await (const chunk of Readable.from([bytes]).pipe(createGunzip()) as AsyncIterable<Buffer>) {
    if (size === 0 && compressed.some((magic) => chunk.subarray(0, magic.length).equals(magic)))
      throw new Error('it is compressed twice');
    size += chunk.length;
    if (size > limits.maxBytes) throw new Error(`it is larger than ${String(limits.maxBytes)} bytes when unpacked`);
    if (size > endedAt + mostPaddingBytes) throw new Error('it goes on after its end');
    hash.update(chunk);
    parser.write(chunk);
    if (failure !== undefined) throw failure;
  }
  parser.end();
  if (failure !== undefined) throw failure;
  return hash.digest('hex');
}

class EntryCheck {
  readonly #limits: ArchiveLimits;
  readonly #kinds = new Map<string, 'leaf' | 'directory'>();
  #entries = 0;
  #bytes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  /** What is wrong with the next entry, given those before it. */
  wrong({ path: written, type, linkpath, size }: ReadEntry): Error | undefined {
    const isDirectory = type === 'Directory';
    if (isDirectory && written === './') return undefined;
    const path = isDirectory ? written.replace(/\/$/, '') : written;
    const reason =
      wrongPath(path) ??
      this.#wrongKind(path, type, linkpath ?? '') ??
      this.#wrongPlace(path, isDirectory) ??
      this.#tooMuch(size);
    return reason === undefined
      ? undefined
      : new Error(`${JSON.stringify(written.slice(0, 200))} must not be unpacked: ${reason}`);
  }

  #wrongKind(path: string, type: string, linkpath: string): string | undefined {
    if (type === 'File' || type === 'OldFile' || type === 'Directory') return undefined;
    if (type !== 'SymbolicLink') return `it is a ${type}`;
    return staysInside(path, linkpath) && !linkpath.includes('\ufffd')
      ? undefined
      : 'it is a symbolic link out of the tree';
  }

  #wrongPlace(path: string, isDirectory: boolean): string | undefined {
    const before = this.#kinds.get(path);
    if (before !== undefined && !(isDirectory && before === 'directory')) return 'it is there twice';
    this.#kinds.set(path, isDirectory ? 'directory' : 'leaf');
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      const kind = this.#kinds.get(parent);
      if (kind === 'leaf') return `"${parent}" is not a directory`;
      // And so is all above it.
      if (kind === 'directory') break;
      this.#kinds.set(parent, 'directory');
    }
    return undefined;
  }

  #tooMuch(size: number): string | undefined {
    const { maxBytes, maxEntries } = this.#limits;
    if (++this.#entries > maxEntries) return `there are more than ${String(maxEntries)} entries`;
    if (this.#kinds.size > 2 * maxEntries) return `there are more than ${String(2 * maxEntries)} files and directories`;
    this.#bytes += size;
    return this.#bytes > maxBytes ? `the files are larger than ${String(maxBytes)} bytes` : undefined;
  }
}
