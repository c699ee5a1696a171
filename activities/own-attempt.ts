import type { z } from 'zod';
import { attemptEnd, type AttemptArgument, type AttemptEnd } from '../contracts/activities.ts';
import { RelaunchError } from '../contracts/failures.ts';
import { fieldIssues, formatIssues } from '../contracts/issues.ts';
import { attemptUid, runIdOf } from '../contracts/names.ts';
import { plan as planSchema, type Plan } from '../contracts/plan.ts';
import { asked, claim, type Asked } from '../contracts/records.ts';
import { mostAttempts } from '../contracts/requeue.ts';
import { queueOfTaskQueue } from '../contracts/task-queues.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord, writeOnce } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { AttemptRef, Backend } from './backends/backend.ts';
import { callingWorkflow, withHeartbeat } from './border.ts';
import type { AgentDependencies } from './dependencies.ts';

/** An attempt with its records. */
export interface PlannedAttempt {
  ref: AttemptRef;
  plan: Plan;
  backend: Backend;
  /** Of the workflow's execution. */
  runId: string;
  /** Its end, if it is recorded. */
  end: AttemptEnd | undefined;
}

/** An attempt of the calling workflow, from records that only agents write: its arguments are trusted with nothing but a number. */
export interface OwnAttempt<T> extends PlannedAttempt {
  argument: T;
  /** On which it was called. */
  taskQueue: string;
}

/**
 * Works on an attempt of the calling workflow, with a heartbeat; the janitor leaves it alone meanwhile.
 * @throws RelaunchError AttemptRefused where the workflow has no plan, the number is out of bounds, or the queue is another's
 */
export function forOwnAttempt<T extends AttemptArgument, R>(
  needs: AgentDependencies,
  schema: z.ZodType<T>,
  argument: unknown,
  work: (own: OwnAttempt<T>, signal: AbortSignal) => Promise<R>,
): Promise<R> {
  return withHeartbeat(async (signal) => {
    const own = await ownAttempt(needs, schema, argument);
    return needs.attended.during(own.ref, () => work(own, signal));
  });
}

/**
 * The plan of the calling workflow, as its agents wrote it down.
 * @throws RelaunchError AttemptRefused where it has none, or the queue is another's
 */
export async function ownPlan({ store, ownWorkflow }: Pick<AgentDependencies, 'store' | 'ownWorkflow'>) {
  const calling = callingWorkflow();
  const { workflowId, runId, taskQueue } = calling;
  const run = runIdOf(workflowId);
  const plan = await readRecord(store, keyOf.plan(run), planSchema);
  if (plan?.workflowId !== workflowId) throw refused(`run ${run} has no plan: resolveLaunch comes first`);
  if (runId !== plan.firstRunId && (await ownWorkflow.find(workflowId, runId))?.firstRunId !== plan.firstRunId)
    throw refused(`run ${run} belongs to an earlier workflow of this id`);
  const queue = queueOfTaskQueue(taskQueue);
  if (queue !== undefined && queue !== plan.queue)
    throw refused(`run ${run} belongs to queue "${plan.queue}", not "${queue}"`);
  return { ...calling, run, plan };
}

async function ownAttempt<T extends AttemptArgument>(
  { store, backends, ownWorkflow }: AgentDependencies,
  schema: z.ZodType<T>,
  argument: unknown,
): Promise<OwnAttempt<T>> {
  const parsed = schema.safeParse(argument);
  if (!parsed.success) throw refused(formatIssues(fieldIssues(parsed.error, argument)));
  const { attempt } = parsed.data;
  const { plan, run, entity, workflowId, runId, taskQueue } = await ownPlan({ store, ownWorkflow });
  if (attempt > mostAttempts(plan))
    throw refused(`attempt ${String(attempt)}: run ${run} has at most ${String(mostAttempts(plan))}`);
  const backend = backendNamed(backends, plan.backend);
  const uid = attemptUid(entity, workflowId, plan.firstRunId, attempt);
  const place = backend.placeOf(plan.resourceArgs);
  return {
    argument: parsed.data,
    ref: { entity, run, attempt, uid, ...(place === undefined ? {} : { place }) },
    plan,
    backend,
    runId,
    taskQueue,
    end: await readRecord(store, keyOf.end(run, attempt), attemptEnd),
  };
}

function backendNamed(backends: readonly Backend[], name: string): Backend {
  const backend = backends.find((candidate) => candidate.name === name);
  if (backend !== undefined) return backend;
  throw refused(`this agent has no backend "${name}", only ${backends.map((one) => one.name).join(', ')}`);
}

/** Only the host that claimed an attempt can tell what became of it: elsewhere it looks as if it had never started. @throws RelaunchError AttemptRefused */
export async function checkHost(
  { store, agent }: Pick<AgentDependencies, 'store' | 'agent'>,
  { ref: { run, attempt }, backend }: Pick<PlannedAttempt, 'ref' | 'backend'>,
): Promise<void> {
  if (!backend.hostBound) return;
  const held = await readRecord(store, keyOf.claim(run, attempt), claim);
  if (held !== undefined && 'agent' in held && held.agent === agent) return;
  throw refused(`attempt ${String(attempt)} of run ${run} was not submitted by agent ${agent}`);
}

/** Puts down what is asked of an attempt before anything of it is touched; the first to ask names its outcome. */
export async function ask(store: Store, { run, attempt }: AttemptRef, what: Omit<Asked, 'attempt'>): Promise<void> {
  await writeOnce(store, keyOf.asked(run, attempt), { attempt, ...what }, asked);
}

export const refused = (message: string): RelaunchError => new RelaunchError('AttemptRefused', message);
