import { activityTasks, type Pause } from '../contracts/queue-pause.ts';
import { buildTaskQueue, resolveTaskQueue, submitTaskQueue } from '../contracts/task-queues.ts';
import type { Relaunch } from './connect.ts';
import { asking } from './temporal-errors.ts';

/** A poll of Temporal lasts at most a minute, so an agent that was silent for longer is gone. */
const silentAfterMs = 90_000;

/** Who serves a queue, and what waits in it. */
export interface QueueTraffic {
  /** Identities of the agents that were heard of in the last 90 s. */
  agents: string[];
  /** Attempts that wait for a place, about. */
  waiting: number;
  /** The same, by Temporal's key of their priority: 1 to 4, lower first. */
  waitingByPriority: Record<string, number>;
  /** How long the first of them has waited, about. */
  oldestWaitMs?: number;
  /** Nothing of it is handed out. */
  paused?: Pause;
}

/** Asks Temporal who polls a queue. Agents without a free place do not poll for runs: they show by what they poll always. */
export async function trafficOf(relaunch: Relaunch, queue: string, now: number = Date.now()): Promise<QueueTraffic> {
  const [resolve, submit] = await Promise.all([
    describe(relaunch, resolveTaskQueue(queue)),
    describe(relaunch, submitTaskQueue(queue)),
  ]);
  const paused = pauseOf(submit.config?.queueRateLimit);
  const waiting = Number(submit.stats?.approximateBacklogCount ?? 0);
  const age = submit.stats?.approximateBacklogAge;
  return {
    agents: heardOf([...resolve.pollers, ...submit.pollers], now),
    waiting,
    waitingByPriority: Object.fromEntries(
      Object.entries(submit.statsByPriorityKey)
        .map(([key, stats]) => [key, Number(stats.approximateBacklogCount ?? 0)] as const)
        .filter(([, count]) => count > 0),
    ),
    ...(waiting === 0 ? {} : { oldestWaitMs: Number(age?.seconds ?? 0) * 1_000 + (age?.nanos ?? 0) / 1_000_000 }),
    ...(paused === undefined ? {} : { paused }),
  };
}

/** Identities of the agents that make images for a queue. One that has its hands full is not heard of. */
export async function buildersOf(relaunch: Relaunch, queue: string, now: number = Date.now()): Promise<string[]> {
  return heardOf((await describe(relaunch, buildTaskQueue(queue))).pollers, now);
}

interface Poller {
  identity?: string | null;
  lastAccessTime?: { seconds?: unknown } | null;
}

interface RateLimit {
  rateLimit?: { requestsPerSecond?: number | null } | null;
  metadata?: {
    reason?: string | null;
    updateIdentity?: string | null;
    updateTime?: { seconds?: unknown } | null;
  } | null;
}

function pauseOf(limit: RateLimit | null | undefined): Pause | undefined {
  const rate = limit?.rateLimit;
  if (rate === undefined || rate === null || (rate.requestsPerSecond ?? 0) > 0) return undefined;
  const { reason, updateIdentity, updateTime } = limit?.metadata ?? {};
  const seconds = Number(updateTime?.seconds ?? 0);
  return {
    by: updateIdentity ?? '',
    reason: reason ?? '',
    ...(seconds > 0 ? { at: new Date(seconds * 1_000).toISOString() } : {}),
  };
}

function heardOf(pollers: readonly Poller[], now: number): string[] {
  const heard = pollers.filter(
    ({ lastAccessTime }) => now - Number(lastAccessTime?.seconds ?? 0) * 1_000 < silentAfterMs,
  );
  return [...new Set(heard.map(({ identity }) => identity ?? ''))].sort();
}

function describe({ temporal, settings }: Relaunch, taskQueue: string) {
  return asking(settings, undefined, () =>
    temporal.workflowService.describeTaskQueue({
      namespace: settings.entity,
      taskQueue: { name: taskQueue },
      taskQueueType: activityTasks,
      reportStats: true,
      reportConfig: true,
    }),
  );
}
