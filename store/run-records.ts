import { plan as planSchema, type Plan } from '../contracts/plan.ts';
import { inOrder } from './in-order.ts';
import { keyOf } from './layout.ts';
import { renewLease, takeLease } from './lease.ts';
import { readRecord } from './records.ts';
import type { Store } from './store.ts';

/** Of the objects that are removed: far fewer than a store removes in a minute. */
const renewEvery = 1_000;

/** When something of a run was last written, in ms since the epoch; undefined where there is nothing. */
export async function lastWritten(store: Store, run: string): Promise<number | undefined> {
  let last: number | undefined;
  for await (const written of inOrder(await store.list(keyOf.run(run)), (key) => store.modifiedAt(key))) {
    const at = written?.getTime();
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
    const keys = (await store.list(keyOf.run(run))).filter((key) => key !== lease && key !== keyOf.plan(run));
    let removed = 0;
    for await (const _ of inOrder(keys, (key) => store.remove(key)))
      if (++removed % renewEvery === 0 && !(await renewLease(store, lease))) return;
    if (now !== undefined) await store.remove(keyOf.plan(run));
  }
  await store.remove(lease);
}
