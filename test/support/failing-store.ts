import { RelaunchError } from '../../contracts/failures.ts';
import type { Store } from '../../store/store.ts';

export interface Failing {
  store: Store;
  /** How many writes were begun. */
  writes(): number;
  /** From the nth write on (from 1) everything fails; `done`: that write itself happens, but its answer is lost. */
  breakAt(write: number, done: boolean): void;
  repair(): void;
  /** Writes wait until the answer is called. */
  hold(): () => void;
}

/** A store in front of a real one, that can be lost at any write. */
export function failing(real: Store): Failing {
  let writes = 0;
  let broken = { at: Infinity, done: false };
  let held: Promise<undefined> | undefined;
  const lost = () => new RelaunchError('StoreUnavailable', `${real.url} is lost`);
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    writes++;
    await held;
    if (writes < broken.at) return work();
    if (writes === broken.at && broken.done) await work();
    throw lost();
  };
  const read = <T>(work: () => Promise<T>): Promise<T> => (writes < broken.at ? work() : Promise.reject(lost()));
  return {
    store: {
      url: real.url,
      get: (key) => read(() => real.get(key)),
      has: (key) => read(() => real.has(key)),
      modifiedAt: (key) => read(() => real.modifiedAt(key)),
      folders: (prefix) => read(() => real.folders(prefix)),
      list: (prefix) => read(() => real.list(prefix)),
      put: (key, bytes) => write(() => real.put(key, bytes)),
      putIfAbsent: (key, bytes) => write(() => real.putIfAbsent(key, bytes)),
      replaceIfMatch: (key, bytes, etag) => write(() => real.replaceIfMatch(key, bytes, etag)),
      remove: (key) => write(() => real.remove(key)),
    },
    writes: () => writes,
    breakAt: (at, done) => {
      broken = { at, done };
    },
    repair: () => {
      broken = { at: Infinity, done: false };
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      held = promise;
      return () => {
        held = undefined;
        resolve(undefined);
      };
    },
  };
}
