import type { Info } from '@temporalio/activity';
import type { AttemptRef } from '../../activities/backends/backend.ts';
import type { AgentActivities, AttemptEnd, Released, StopArgument, Submitted } from '../../contracts/activities.ts';
import { attemptUid, runIdOf } from '../../contracts/names.ts';
import type { PlanSummary } from '../../contracts/plan.ts';
import { agentTaskQueue, ioTaskQueue, resolveTaskQueue, submitTaskQueue } from '../../contracts/task-queues.ts';
import { startActivity, type Started } from './activity-calls.ts';

export const entity = 'team';
export const queue = 'gpu';
export const agent = 'laptop';

type More = Partial<Info>;
type Call<R> = (argument: unknown, more?: More) => Promise<R>;

/** A run whose activities are called as its workflow would; `more` is what else the activity's info says. */
export interface Launched {
  workflowId: string;
  run: string;
  ref(attempt?: number): AttemptRef;
  resolve: Call<PlanSummary>;
  /** The first attempt, unless told otherwise. */
  submit(argument?: unknown, more?: More): Promise<Submitted>;
  follow(argument?: unknown, more?: More): Promise<AttemptEnd>;
  /** Await of the first attempt, under way, to be called off. */
  following(): Started<AttemptEnd>;
  stop: Call<void>;
  release: Call<Released>;
  /** On the queue's own task queue, where the host is not known. */
  releaseAnywhere(argument: StopArgument): Promise<Released>;
}

/** The workflow of a run, whose activities an agent does. */
export function callingWorkflow(workflowId: string, activities: AgentActivities): Launched {
  const run = runIdOf(workflowId);
  const on =
    <R>(taskQueue: string, activity: (argument: never) => Promise<R>) =>
    (argument: unknown, more: More = {}): Started<R> =>
      startActivity(
        { namespace: entity, workflowExecution: { workflowId, runId: 'first' }, taskQueue, ...more },
        activity as (argument: unknown) => Promise<R>,
        argument,
      );
  const resolve = on(resolveTaskQueue(queue), activities.resolveLaunch);
  const submit = on(submitTaskQueue(queue), activities.submitAttempt);
  const follow = on(agentTaskQueue(agent), activities.awaitAttempt);
  const stop = on(agentTaskQueue(agent), activities.stopAttempt);
  const release = on(agentTaskQueue(agent), activities.releaseAttempt);
  return {
    workflowId,
    run,
    ref: (attempt = 1) => ({ entity, run, attempt, uid: attemptUid(entity, workflowId, 'first', attempt) }),
    resolve: (spec, more) => resolve(spec, more).result,
    submit: (argument = { attempt: 1 }, more) => submit(argument, more).result,
    follow: (argument = { attempt: 1 }, more) => follow(argument, more).result,
    following: () => follow({ attempt: 1 }),
    stop: (argument, more) => stop(argument, more).result,
    release: (argument, more) => release(argument, more).result,
    releaseAnywhere: (argument) => release(argument, { taskQueue: ioTaskQueue(queue) }).result,
  };
}
