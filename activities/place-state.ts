import { plan as planSchema } from '../contracts/plan.ts';
import type { Slot } from '../contracts/slots.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import type { AgentDependencies } from './dependencies.ts';

/**
 * What becomes of an attempt that has a place: `over`, its end is recorded or its run deleted; `wanted`, its workflow goes on; `queued`, the
 * same, but whoever submitted it died, and its submit waits to be taken again; `unwanted`, its workflow does not go on, and nobody has recorded an end.
 * `hostBound`: only its agent's host knows whether it lives.
 */
export interface PlaceState {
  is: 'over' | 'wanted' | 'queued' | 'unwanted';
  hostBound: boolean;
}

export async function placeState(
  { store, ownWorkflow, backends }: Pick<AgentDependencies, 'store' | 'ownWorkflow' | 'backends'>,
  { run, attempt }: NonNullable<Slot['attempt']>,
): Promise<PlaceState> {
  if (await store.has(keyOf.end(run, attempt))) return { is: 'over', hostBound: false };
  const plan = await readRecord(store, keyOf.plan(run), planSchema);
  if (plan === undefined) return { is: 'over', hostBound: false };
  const hostBound = backends.some(({ name, hostBound: isBound }) => isBound && name === plan.backend);
  const found = await ownWorkflow.find(plan.workflowId);
  const isOpen = found?.open === true && found.firstRunId === plan.firstRunId;
  return { is: !isOpen ? 'unwanted' : found.waitsForSubmit === true ? 'queued' : 'wanted', hostBound };
}
