import { mkdtemp, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Unpack, type ReadEntry } from 'tar';
import { RelaunchError } from '../contracts/failures.ts';
import { mostEntries } from './archive-rules.ts';
import { inspectArchive } from './inspect-archive.ts';
import { keyOf } from './layout.ts';
import type { Store } from './store.ts';
import { storeUnavailable } from './system-errors.ts';

interface UnpackOptions {
  /** Of the uncompressed tar; default 1 GiB. */
  maxBytes?: number;
  /** Default 100,000. */
  maxEntries?: number;
}

/**
 * Makes `directory` the tree that was packed as `digest`: it must be empty or missing, its parent must exist, and it must not be a mount
 * point, for the tree is unpacked beside it and moved there whole. The object in the store is anybody's and is trusted in nothing: it is
 * read to its end, checked and compared with the digest before anything of it is written.
 * @throws RelaunchError LaunchRejected if it is missing, damaged or hostile; StoreUnavailable if the store or the disk cannot be used
 */
export async function unpackArchive(
  store: Store,
  digest: string,
  directory: string,
  options: UnpackOptions = {},
): Promise<void> {
  const { maxBytes = 1_024 ** 3, maxEntries = mostEntries } = options;
  const key = keyOf.code(digest);
  const object = await store.get(key);
  if (object === undefined)
    throw new RelaunchError('LaunchRejected', `${key} is not in store ${store.url}: it was removed, submit again`);

  const actual = await inspectArchive(object.bytes, { maxBytes, maxEntries }).catch((cause: unknown) => {
    throw refused(store, key, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (actual !== digest) throw refused(store, key, `its content has the digest ${actual}`);
  await extract(object.bytes, resolve(directory));
}

function refused(store: Store, key: string, reason: string, cause?: unknown): RelaunchError {
  const way = 'if it should be good, remove it from the store and submit again';
  return new RelaunchError('LaunchRejected', `${key} in store ${store.url} is not used: ${reason}; ${way}`, { cause });
}

async function extract(bytes: Uint8Array, directory: string): Promise<void> {
  let beside: string | undefined;
  try {
    beside = await mkdtemp(`${directory}.unpacking-`);
    await extractInto(bytes, beside);
    await rename(beside, directory);
  } catch (error) {
    if (beside !== undefined) await rm(beside, { recursive: true, force: true, maxRetries: 3 });
    throw storeUnavailable(`cannot unpack into ${directory}`, error);
  }
}

function extractInto(bytes: Uint8Array, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const unpack = new Unpack({
      cwd,
      strict: true,
      brotli: false,
      zstd: false,
      preserveOwner: false,
      onReadEntry: normaliseMode,
    });
    const tar = Readable.from([bytes]).pipe(createGunzip());
    tar.on('error', reject);
    unpack.on('error', (error: Error) => {
      tar.destroy();
      reject(error);
    });
    unpack.on('close', resolve);
    tar.pipe(unpack);
  });
}

function normaliseMode(entry: ReadEntry): void {
  entry.mode = entry.type === 'Directory' || ((entry.mode ?? 0) & 0o100) !== 0 ? 0o755 : 0o644;
}
