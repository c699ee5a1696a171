import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RelaunchError } from '../contracts/failures.ts';
import { keyOf } from './layout.ts';
import { readObject } from './object-files.ts';
import type { Store, StoredObject } from './store.ts';
import { storeUnavailable } from './system-errors.ts';

/**
 * The same store, with the queues of a directory before its own: files `<queue>.yaml`, such as those of a ConfigMap. They are read anew each
 * time, and not written through the store. A directory that is not there is StoreUnavailable.
 */
export function withQueueDirectory(store: Store, directory: string): Store {
  const names = async (): Promise<string[]> => {
    try {
      return (await readdir(directory)).filter((name) => name.endsWith('.yaml'));
    } catch (error) {
      throw storeUnavailable(`cannot read the queues in ${directory}`, error);
    }
  };
  const find = async (key: string): Promise<StoredObject | undefined> => {
    const name = key.startsWith(keyOf.queues) ? key.slice(keyOf.queues.length) : undefined;
    if (name === undefined || !(await names()).includes(name)) return undefined;
    return readObject(join(directory, name)).catch((error: unknown) => {
      throw storeUnavailable(`cannot read ${name} in ${directory}`, error);
    });
  };
  const refuseThere = async (key: string): Promise<void> => {
    if ((await find(key)) === undefined) return;
    throw new RelaunchError('LaunchRejected', `${key} is a file of RELAUNCH_QUEUES, ${directory}: change it there`);
  };
  return {
    ...store,
    get: async (key) => (await find(key)) ?? store.get(key),
    has: async (key) => (await find(key)) !== undefined || store.has(key),
    list: async (prefix) => {
      const keys = await store.list(prefix);
      if (prefix !== keyOf.queues) return keys;
      return [...new Set([...keys, ...(await names()).map((name) => `${prefix}${name}`)])].sort();
    },
    put: async (key, bytes) => {
      await refuseThere(key);
      await store.put(key, bytes);
    },
    putIfAbsent: async (key, bytes) => {
      await refuseThere(key);
      return store.putIfAbsent(key, bytes);
    },
    replaceIfMatch: async (key, bytes, etag) => {
      await refuseThere(key);
      return store.replaceIfMatch(key, bytes, etag);
    },
    remove: async (key) => {
      await refuseThere(key);
      await store.remove(key);
    },
  };
}
