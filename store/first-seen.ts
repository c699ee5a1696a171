import { isDeepStrictEqual } from 'node:util';
import { mergeFirsts } from '../contracts/merge-firsts.ts';
import { firstsSeen, type FirstsSeen } from '../contracts/records.ts';
import { keyOf } from './layout.ts';
import { parseRecord } from './records.ts';
import type { Store } from './store.ts';

/** Adds to what is kept of an attempt; answers all of it. What was kept before stays. @throws RelaunchError StoreUnavailable */
export async function keepFirsts(store: Store, run: string, attempt: number, seen: FirstsSeen): Promise<FirstsSeen> {
  const key = keyOf.first(run, attempt);
  for (;;) {
    const held = await store.get(key);
    const kept = held === undefined ? {} : parseRecord(store, key, held, firstsSeen);
    const merged = mergeFirsts(kept, seen);
    if (isDeepStrictEqual(merged, kept)) return kept;
    const bytes = Buffer.from(`${JSON.stringify(merged)}\n`);
    const written =
      held === undefined ? await store.putIfAbsent(key, bytes) : await store.replaceIfMatch(key, bytes, held.etag);
    if (written) return merged;
  }
}
