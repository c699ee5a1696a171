import { submitTaskQueue } from './task-queues.ts';

/** `TASK_QUEUE_TYPE_ACTIVITY`: https://github.com/temporalio/api/blob/master/temporal/api/enums/v1/task_queue.proto */
export const activityTasks = 2;

/** Why nothing of a queue is handed out, as Temporal keeps it. */
export interface Pause {
  by: string;
  reason: string;
  /** ISO 8601. */
  at?: string;
}

/** A queue is paused by Temporal's own means, which holds for all agents at once: nothing is dispatched from its task queue. */
export const pausing = (namespace: string, queue: string, { by, reason }: Pause) =>
  request(namespace, queue, by, { rateLimit: { requestsPerSecond: 0 }, reason });

export const resuming = (namespace: string, queue: string, by: string) => request(namespace, queue, by, {});

function request(namespace: string, queue: string, identity: string, updateQueueRateLimit: object) {
  return {
    namespace,
    identity,
    taskQueue: submitTaskQueue(queue),
    taskQueueType: activityTasks,
    updateQueueRateLimit,
  };
}
