import { attemptEnd } from '../contracts/activities.ts';
import { plan as planSchema, type Plan } from '../contracts/plan.ts';
import { defaultGracePeriodMs } from '../contracts/queue-spec.ts';
import { claim, type Asked } from '../contracts/records.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import { enforcementSlackMs, finish } from './await-attempt.ts';
import type { AttemptRef, Backend } from './backends/backend.ts';
import type { AgentDependencies } from './dependencies.ts';
import { ask, type PlannedAttempt } from './own-attempt.ts';

/**
 * Ends an attempt of this host if nobody will ask for it again: its end is recorded (an agent that was away was given up), its workflow is
 * gone, or its run was deleted with all its records; and one that nobody follows past its queue's run time-out. Answers whether it did. Takes up to the grace period; where `signal` calls it off,
 * whoever comes next goes on.
 */
export async function endIfAbandoned(
  needs: AgentDependencies,
  backend: Backend,
  ref: AttemptRef,
  signal: AbortSignal,
  since?: string,
): Promise<boolean> {
  const { store, attended, ownWorkflow } = needs;
  if (attended.has(ref)) return false;
  const plan = await readRecord(store, keyOf.plan(ref.run), planSchema);
  if (plan === undefined) {
    if ((await ownWorkflow.find(ref.run))?.open === true) return false;
    await attended.during(ref, () => endUnrecorded(needs, backend, ref, signal));
    return true;
  }
  const end = await readRecord(store, keyOf.end(ref.run, ref.attempt), attemptEnd);
  const why = end === undefined ? await whyEnd(needs, backend, ref, plan, since) : undefined;
  if (end === undefined && why === undefined) return false;
  const own = { ref, plan, backend, runId: plan.firstRunId, end };
  await attended.during(ref, () => endRecorded(needs, own, why, signal));
  return true;
}

/** Why an attempt without a recorded end is to end; undefined: somebody will come for it. */
async function whyEnd(
  needs: AgentDependencies,
  backend: Backend,
  ref: AttemptRef,
  plan: Plan,
  since: string | undefined,
): Promise<Omit<Asked, 'attempt'> | undefined> {
  if (!(await isOurs(needs, backend, ref))) return undefined;
  if (!(await isWanted(needs, plan)))
    return { as: 'cancelled', reason: 'its workflow is gone: failed, terminated or deleted' };
  return (await isOverdue(needs, ref, plan, since)) ? { as: 'timed-out', phase: 'run', by: needs.agent } : undefined;
}

/** Whether the workflow that the plan was made for goes on, perhaps after a reset. */
async function isWanted({ ownWorkflow }: AgentDependencies, plan: Plan): Promise<boolean> {
  const found = await ownWorkflow.find(plan.workflowId);
  return found?.open === true && found.firstRunId === plan.firstRunId;
}

/** What another agent claimed is for that one to record. */
async function isOurs({ store, agent }: AgentDependencies, backend: Backend, ref: AttemptRef): Promise<boolean> {
  if (!backend.hostBound) return true;
  const held = await readRecord(store, keyOf.claim(ref.run, ref.attempt), claim);
  return held !== undefined && 'agent' in held && held.agent === agent;
}

/** A workflow that never follows what it submitted gets no more time than others. Counted from its creation, or its claim. */
async function isOverdue(
  { store }: AgentDependencies,
  ref: AttemptRef,
  plan: Plan,
  created: string | undefined,
): Promise<boolean> {
  if (plan.maxRunTimeoutMs === undefined) return false;
  const since = created === undefined ? await store.modifiedAt(keyOf.claim(ref.run, ref.attempt)) : new Date(created);
  return since !== undefined && Date.now() - since.getTime() > plan.maxRunTimeoutMs + enforcementSlackMs;
}

/** TERM, grace, KILL, record, removal. */
async function endRecorded(
  needs: AgentDependencies,
  own: PlannedAttempt,
  why: Omit<Asked, 'attempt'> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { ref, plan, backend } = own;
  if (why !== undefined) {
    await ask(needs.store, ref, why);
    await needs.reached('end:after-asked');
  }
  // Where its end is recorded, a stop on a shared backend would only make a new object in the place of one that others have removed meanwhile.
  if (own.end === undefined || backend.hostBound) await backend.stop(ref, plan.gracePeriodMs, signal);
  await needs.reached('end:after-stop');
  await finish(needs, own, signal);
}

async function endUnrecorded(
  needs: AgentDependencies,
  backend: Backend,
  ref: AttemptRef,
  signal: AbortSignal,
): Promise<void> {
  await backend.stop(ref, defaultGracePeriodMs, signal);
  needs.permits.ended(ref);
  await backend.release(ref, signal);
}
