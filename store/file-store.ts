import { link, rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RelaunchError } from '../contracts/failures.ts';
import { withFileLock } from './file-lock.ts';
import { checkKey, checkPrefix } from './keys.ts';
import { filesUnder, foldersIn, isFile, modifiedAt, placeFile, readObject, removeFile } from './object-files.ts';
import type { Store } from './store.ts';
import { StoreRoot } from './store-root.ts';
import { hasCode, storeUnavailable } from './system-errors.ts';
import { oldTempMs, removeDeadTemps } from './temp-files.ts';

/**
 * A store in a directory of this machine, for one user (files 0600, directories 0700): an object is the file at its key. Objects appear
 * by rename(2) or link(2), so that readers and writers of any process see whole ones, also when a writer is killed. It does not wait
 * for the disk: after a power failure the last seconds may be missing. A directory that was there and is gone is StoreUnavailable.
 *
 * `replaceIfMatch` holds a lock of the whole store against others of its kind. It does not stop a plain `put` or `remove` of the same
 * key: what is replaced under a condition should only ever be written by `putIfAbsent` and `replaceIfMatch`.
 * @throws RelaunchError LaunchRejected if the URL is not `file:///<absolute path>`.
 */
export function openFileStore(url: string): Store {
  const directory = rootOf(url);
  const root = new StoreRoot(directory);
  let cleanedAt = -Infinity;

  const pathOf = (key: string): string => {
    checkKey(key);
    return join(directory, key);
  };
  // Again and again: who lives long outlives others.
  const clean = async (): Promise<void> => {
    const now = Date.now();
    if (now - cleanedAt < oldTempMs) return;
    cleanedAt = now;
    await removeDeadTemps(root.temps, now);
  };
  const place = async (path: string, bytes: Uint8Array, how: (from: string, to: string) => Promise<void>) => {
    await root.prepare();
    await clean();
    await placeFile(root, path, bytes, how);
  };
  const read = <T>(verb: string, path: string, work: (path: string) => Promise<T>): Promise<T> =>
    orUnavailable(verb, path, async () => {
      const found = await work(path);
      await root.check(isNothing(found));
      return found;
    });

  return {
    url: pathToFileURL(directory).href,
    get: async (key) => read('read', pathOf(key), readObject),
    has: async (key) => read('look for', pathOf(key), isFile),
    modifiedAt: async (key) => read('look for', pathOf(key), modifiedAt),
    list: async (prefix) => {
      checkPrefix(prefix);
      const files = await read('list', join(directory, prefix), filesUnder);
      return files.map((file) => relative(directory, file)).sort();
    },
    folders: async (prefix) => {
      checkPrefix(prefix);
      return read('list', join(directory, prefix), foldersIn);
    },
    put: async (key, bytes) => orUnavailable('write', pathOf(key), (path) => place(path, bytes, rename)),
    putIfAbsent: async (key, bytes) =>
      orUnavailable('write', pathOf(key), async (path) => {
        if (await isFile(path)) return false;
        return place(path, bytes, link).then(
          () => true,
          (error: unknown) => {
            if (hasCode(error, 'EEXIST')) return false;
            throw error;
          },
        );
      }),
    replaceIfMatch: async (key, bytes, etag) =>
      read('replace', pathOf(key), async (path) => {
        if ((await readObject(path)) === undefined) return false;
        return withFileLock(join(directory, '.lock'), async () => {
          if ((await readObject(path))?.etag !== etag) return false;
          await place(path, bytes, rename);
          return true;
        });
      }),
    remove: async (key) => orUnavailable('remove', pathOf(key), (path) => removeFile(directory, path)),
  };
}

const isNothing = (found: unknown): boolean =>
  found === undefined || found === false || (Array.isArray(found) && found.length === 0);

function rootOf(url: string): string {
  try {
    return fileURLToPath(url).replace(/(?<=.)\/+$/, '');
  } catch (cause) {
    throw new RelaunchError('LaunchRejected', `store "${url}" is not file:///<absolute path of a directory>`, {
      cause,
    });
  }
}

async function orUnavailable<T>(verb: string, path: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(path);
  } catch (error) {
    throw storeUnavailable(`cannot ${verb} ${path} in the store`, error);
  }
}
