import { plan as planSchema } from '../contracts/plan.ts';
import type { Slot } from '../contracts/slots.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import type { AgentDependencies } from './dependencies.ts';

/**
 * What becomes of an attempt that has a place: `over`, its end is recorded or its run deleted; `wanted`, its workflow goes on; `unwanted`,
 * it does not, and nobody has recorded an end.
 */
export async function placeState(
  { store, ownWorkflow }: Pick<AgentDependencies, 'store' | 'ownWorkflow'>,
  { run, attempt }: NonNullable<Slot['attempt']>,
): Promise<'over' | 'wanted' | 'unwanted'> {
  if (await store.has(keyOf.end(run, attempt))) return 'over';
  const plan = await readRecord(store, keyOf.plan(run), planSchema);
  if (plan === undefined) return 'over';
  const found = await ownWorkflow.find(plan.workflowId);
  return found?.open === true && found.firstRunId === plan.firstRunId ? 'wanted' : 'unwanted';
}
