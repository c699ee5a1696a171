import type { Worker, WorkerOptions } from '@temporalio/worker';
import { builderActivities } from '../activities/builder-activities.ts';
import type { BuilderDependencies } from '../activities/dependencies.ts';
import { builderTaskQueue, buildTaskQueue } from '../contracts/task-queues.ts';
import { JobGate, tunerOf } from './gate.ts';

/** How soon a build learns that it is to end. */
const heartbeatMs = 1_000;

/** The workers of an agent that makes images for its queues: at most `maxBuilds` at a time over all of them, and any number of pushes. */
export async function builderWorkers(
  create: (taskQueue: string, more: Partial<WorkerOptions>) => Promise<Worker>,
  needs: BuilderDependencies,
  queues: readonly string[],
  maxBuilds: number,
): Promise<Worker[]> {
  const activities = builderActivities(needs);
  const gate = new JobGate(maxBuilds, 1);
  const gated = (): Partial<WorkerOptions> => ({
    activities,
    tuner: tunerOf(gate.lane().supplier),
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
    maxHeartbeatThrottleInterval: heartbeatMs,
  });
  return Promise.all([
    ...queues.map((queue) => create(buildTaskQueue(queue), gated())),
    create(builderTaskQueue(needs.agent), { activities, maxHeartbeatThrottleInterval: heartbeatMs }),
  ]);
}
