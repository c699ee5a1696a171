import { plan as planSchema, type Plan } from '../contracts/plan.ts';
import { keyOf } from './layout.ts';
import { takeLease } from './lease.ts';
import { readRecord } from './records.ts';
import type { Store } from './store.ts';

/** When something of a run was last written, in ms since the epoch; undefined where there is nothing. */
export async function lastWritten(store: Store, run: string): Promise<number | undefined> {
  let last: number | undefined;
  for (const key of await store.list(keyOf.run(run))) {
    const at = (await store.modifiedAt(key))?.getTime();
    if (at !== undefined && at > (last ?? 0)) last = at;
  }
  return last;
}

/**
 * Removes whatever is recorded of a run that was deleted. The plan goes last: while anything of the old run is there, no new run can have
 * its id. Where the plan is not `plan` any more, and where somebody else is at it, nothing is done.
 */
export async function removeRunRecords(store: Store, run: string, plan: Plan | undefined): Promise<void> {
  const lease = keyOf.removal(run);
  if ((await takeLease(store, lease)) !== undefined) return;
  const now = await readRecord(store, keyOf.plan(run), planSchema);
  if (now?.firstRunId === plan?.firstRunId) {
    const keys = await store.list(keyOf.run(run));
    for (const key of keys) if (key !== lease && key !== keyOf.plan(run)) await store.remove(key);
    if (now !== undefined) await store.remove(keyOf.plan(run));
  }
  await store.remove(lease);
}
