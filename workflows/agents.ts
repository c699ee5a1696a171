import { proxyActivities } from '@temporalio/workflow';
import type { AgentActivities, BuilderActivities, ControlActivities } from '../contracts/activities.ts';
import type { PlanSummary } from '../contracts/plan.ts';
import {
  buildTaskQueue,
  controlTaskQueue,
  isAgentTaskQueue,
  resolveTaskQueue,
  submitTaskQueue,
} from '../contracts/task-queues.ts';

/** Infrastructure that is away comes back: retried until it does, or until somebody cancels. What cannot succeed fails non-retryably. */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** Bounds nothing: the limit of a job is a workflow timer, which can be extended. */
const asLongAsItTakes = '3650 days';

export const resolving = (queue: string): Pick<AgentActivities, 'resolveLaunch' | 'resolveSweep'> =>
  proxyActivities<AgentActivities>({
    taskQueue: resolveTaskQueue(queue),
    // A repository may have to be fetched.
    startToCloseTimeout: '1h',
    heartbeatTimeout: '5s',
    retry,
    summary: 'check the spec and pin what moves',
  });

/** The start-to-close bounds what nobody may wait for: a build that comes no further fails by its builder's own watch. */
export const building = ({ queue, timeoutsMs }: PlanSummary): Pick<BuilderActivities, 'buildImage'> =>
  proxyActivities<BuilderActivities>({
    taskQueue: buildTaskQueue(queue),
    startToCloseTimeout: '12h',
    ...(timeoutsMs.queue === undefined ? {} : { scheduleToStartTimeout: timeoutsMs.queue }),
    heartbeatTimeout: '10s',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry,
    summary: `build the image for queue ${queue}`,
  });

/** Nobody else has the image: a host that is gone for longer is not waited for. */
const builderTimeoutMs = 60_000;

export const pushing = (plan: PlanSummary, taskQueue: string): Pick<BuilderActivities, 'pushImage'> =>
  proxyActivities<BuilderActivities>({
    taskQueue,
    startToCloseTimeout: '12h',
    scheduleToStartTimeout: Math.min(builderTimeoutMs, plan.agentTimeoutMs),
    heartbeatTimeout: '10s',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry,
    summary: 'push the image',
  });

/** A task that a dying agent took is noticed after the heartbeat time-out; the start-to-close bounds pulling and unpacking. */
export const submitting = (plan: PlanSummary, attempt: number): Pick<AgentActivities, 'submitAttempt'> =>
  proxyActivities<AgentActivities>({
    taskQueue: submitTaskQueue(plan.queue),
    startToCloseTimeout: '1h',
    heartbeatTimeout: '5s',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    priority: {
      priorityKey: plan.priorityKey,
      ...(plan.fairnessKey === undefined ? {} : { fairnessKey: plan.fairnessKey }),
      ...(plan.fairnessWeight === undefined ? {} : { fairnessWeight: plan.fairnessWeight }),
    },
    retry,
    summary: `attempt ${String(attempt)}: wait in queue ${plan.queue}, then start`,
  });

export const following = (
  plan: PlanSummary,
  attempt: number,
  taskQueue: string,
): Pick<AgentActivities, 'awaitAttempt'> =>
  proxyActivities<AgentActivities>({
    taskQueue,
    startToCloseTimeout: asLongAsItTakes,
    // Where any agent can follow it, the job is not lost because none is there now.
    ...(isAgentTaskQueue(taskQueue) ? { scheduleToStartTimeout: plan.agentTimeoutMs } : {}),
    heartbeatTimeout: '30s',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry,
    summary: `attempt ${String(attempt)}: follow to the end`,
  });

export const stopping = (plan: PlanSummary, attempt: number, taskQueue: string): Pick<AgentActivities, 'stopAttempt'> =>
  proxyActivities<AgentActivities>({
    taskQueue,
    startToCloseTimeout: plan.gracePeriodMs + 120_000,
    scheduleToStartTimeout: plan.agentTimeoutMs,
    heartbeatTimeout: '30s',
    retry,
    summary: `attempt ${String(attempt)}: stop`,
  });

export const releasing = (
  attempt: number,
  taskQueue: string,
  scheduleToStartTimeoutMs: number | undefined,
): Pick<AgentActivities, 'releaseAttempt'> =>
  proxyActivities<AgentActivities>({
    taskQueue,
    startToCloseTimeout: '2m',
    ...(scheduleToStartTimeoutMs === undefined ? {} : { scheduleToStartTimeout: scheduleToStartTimeoutMs }),
    heartbeatTimeout: '30s',
    retry,
    summary: `attempt ${String(attempt)}: record and remove`,
  });

export const controlling = (): ControlActivities =>
  proxyActivities<ControlActivities>({
    taskQueue: controlTaskQueue,
    startToCloseTimeout: '10s',
    retry,
    summary: 'close as Canceled',
  });
