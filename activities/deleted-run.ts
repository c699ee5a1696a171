import type { Plan } from '../contracts/plan.ts';
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
