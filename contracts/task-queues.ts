/** Task queues of Temporal: who polls what. Design.md section 4, Names. */

/** Workflows, and the one activity that needs no backend. Polled by control workers. */
export const controlTaskQueue = 'relaunch';

const queuePrefix = 'queue/';

/** Where runs wait: `submitAttempt`, polled by agents only while they have a free permit. */
export const submitTaskQueue = (queue: string): string => `${queuePrefix}${queue}`;

/** `resolveLaunch`, by any agent of the queue. */
export const resolveTaskQueue = (queue: string): string => `${queuePrefix}${queue}/resolve`;

/** `buildImage`, by any builder of the queue. */
export const buildTaskQueue = (queue: string): string => `${queuePrefix}${queue}/build`;

/** `pushImage`, where alone the image is that this agent's builder made. */
export const builderTaskQueue = (agent: string): string => `builder/${agent}`;

/** Await, stop and release where any agent of the queue reaches the backend; on host-bound backends only the release that needs the store alone. */
export const ioTaskQueue = (queue: string): string => `${queuePrefix}${queue}/io`;

/** Await, stop and release where only the agent's host can do them. */
export const agentTaskQueue = (agent: string): string => `agent/${agent}`;

/** Whether only one agent polls it. */
export const isAgentTaskQueue = (taskQueue: string): boolean => taskQueue.startsWith('agent/');

/** The queue a task queue belongs to, or undefined for `agent/...` and foreign ones: an activity trusts this, not its arguments. */
export function queueOfTaskQueue(taskQueue: string): string | undefined {
  return taskQueue.startsWith(queuePrefix) ? taskQueue.slice(queuePrefix.length).split('/')[0] : undefined;
}
