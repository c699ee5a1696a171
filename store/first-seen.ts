import { isDeepStrictEqual } from 'node:util';
import { mergeFirsts } from '../contracts/merge-firsts.ts';
import { firstsSeen, type FirstsSeen } from '../contracts/records.ts';
import { keyOf } from './layout.ts';
import { changeRecord } from './records.ts';
import type { Store } from './store.ts';

/** Adds to what is kept of an attempt; answers all of it. What was kept before stays. @throws RelaunchError StoreUnavailable */
export function keepFirsts(store: Store, run: string, attempt: number, seen: FirstsSeen): Promise<FirstsSeen> {
  return changeRecord(store, keyOf.first(run, attempt), firstsSeen, {}, (kept) => {
    const merged = mergeFirsts(kept, seen);
    return isDeepStrictEqual(merged, kept) ? kept : merged;
  });
}
