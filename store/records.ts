import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { RelaunchError } from '../contracts/failures.ts';
import type { Store, StoredObject } from './store.ts';

const encode = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);

/** A JSON object of the store, checked; undefined where there is none. @throws RelaunchError StoreUnavailable where it is not what it should be: somebody broke it. */
export async function readRecord<T>(store: Store, key: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const object = await store.get(key);
  return object === undefined ? undefined : parseRecord(store, key, object, schema);
}

/** The same, of an object that was read already. */
export function parseRecord<T>(store: Store, key: string, { bytes }: StoredObject, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new RelaunchError('StoreUnavailable', `${key} in ${store.url} is damaged: remove or repair it`, { cause });
  }
}

export async function writeRecord(store: Store, key: string, value: unknown): Promise<void> {
  await store.put(key, encode(value));
}

/** Writes a record where there is none, and answers the one that holds: ours, or the one that was first. */
export async function writeOnce<T>(store: Store, key: string, value: NoInfer<T>, schema: z.ZodType<T>): Promise<T> {
  if (await store.putIfAbsent(key, encode(value))) return value;
  const first = await readRecord(store, key, schema);
  if (first === undefined)
    throw new RelaunchError('StoreUnavailable', `${key} in ${store.url} vanished while it was read`);
  return first;
}

/** After somebody else's write came between. */
const longestPauseMs = 50;

/**
 * Changes a record that several write, by compare-and-swap; answers it as it is then. `empty`: where there is none. `change` may be called
 * again, with what others made of it meanwhile; the same object: nothing is written.
 */
export async function changeRecord<T>(
  store: Store,
  key: string,
  schema: z.ZodType<T>,
  empty: NoInfer<T>,
  change: (held: T) => NoInfer<T>,
): Promise<T> {
  for (;;) {
    const object = await store.get(key);
    const held = object === undefined ? empty : parseRecord(store, key, object, schema);
    const changed = change(held);
    if (changed === held) return held;
    const bytes = encode(changed);
    const written =
      object === undefined ? await store.putIfAbsent(key, bytes) : await store.replaceIfMatch(key, bytes, object.etag);
    if (written) return changed;
    await sleep(Math.random() * longestPauseMs);
  }
}
