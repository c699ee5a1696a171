import type { Plan } from '../contracts/plan.ts';
import { claim } from '../contracts/records.ts';
import { isAgentAlive } from '../store/agent-lease.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import { lastWritten } from '../store/run-records.ts';
import type { AgentDependencies } from './dependencies.ts';

/**
 * Whether a run was deleted, rather than kept by Temporal for as long as it keeps closed workflows: something was written of it so lately
 * that it would still be there. `plan`: the run's, if it has one.
 */
export async function wasDeleted(
  { store, ownWorkflow, retentionMs }: Pick<AgentDependencies, 'store' | 'ownWorkflow' | 'retentionMs'>,
  run: string,
  plan: Plan | undefined,
): Promise<boolean> {
  if (await isKnown(ownWorkflow, run, plan)) return false;
  const writtenAt = await lastWritten(store, run);
  return writtenAt === undefined || Date.now() - writtenAt < retentionMs;
}

/** Whether a living agent still has an attempt of it to end, for which it needs the records. Of itself an agent knows; of others it takes their claim for it. */
export async function isStillEnding(
  { store, backends, agent }: Pick<AgentDependencies, 'store' | 'backends' | 'agent'>,
  run: string,
): Promise<boolean> {
  for (const backend of backends) {
    for (const whose of await backend.agents()) {
      if ((await backend.list(whose)).some(({ ref }) => ref.run === run)) return true;
    }
  }
  const keys = new Set(await store.list(keyOf.attempts(run)));
  for (const key of keys) {
    const attempt = Number(/\/(\d+)\/claim\.json$/.exec(key)?.[1]);
    if (Number.isNaN(attempt) || keys.has(keyOf.end(run, attempt))) continue;
    const held = await readRecord(store, key, claim);
    if (held === undefined || 'tombstone' in held) continue;
    if (held.agent !== agent) {
      if (await isAgentAlive(store, held.agent)) return true;
      continue;
    }
    const mine = (await Promise.all(backends.map((backend) => backend.list(agent)))).flat();
    if (mine.some(({ ref }) => ref.run === run && ref.attempt === attempt)) return true;
  }
  return false;
}

/** Also after resets, of which the first execution may have expired, and where another workflow has its id by now. */
async function isKnown(
  ownWorkflow: AgentDependencies['ownWorkflow'],
  run: string,
  plan: Plan | undefined,
): Promise<boolean> {
  if (plan === undefined) return (await ownWorkflow.find(run)) !== undefined;
  const latest = await ownWorkflow.find(plan.workflowId);
  if (latest === undefined) return false;
  if (latest.firstRunId === plan.firstRunId) return true;
  return (await ownWorkflow.find(plan.workflowId, plan.firstRunId)) !== undefined;
}
