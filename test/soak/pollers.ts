import {
  agentTaskQueue,
  controlTaskQueue,
  ioTaskQueue,
  resolveTaskQueue,
  submitTaskQueue,
} from '../../contracts/task-queues.ts';
import type { Cluster } from '../support/cluster.ts';

/** Temporal's TaskQueueType. */
const types = { workflow: 1, activity: 2 } as const;

/** Who still polls what these agents served: nobody, once they have stopped. */
export async function pollersOf(
  cluster: Cluster,
  queues: readonly string[],
  agents: readonly string[],
): Promise<string[]> {
  const served = queues.flatMap((queue) => [submitTaskQueue(queue), resolveTaskQueue(queue), ioTaskQueue(queue)]);
  const found: string[] = [];
  for (const taskQueue of [...served, ...agents.map(agentTaskQueue)]) {
    found.push(...(await describe(cluster, taskQueue, 'activity')).pollers);
  }
  return found;
}

export async function pollersOfControl(cluster: Cluster): Promise<string[]> {
  const both = [
    await describe(cluster, controlTaskQueue, 'workflow'),
    await describe(cluster, controlTaskQueue, 'activity'),
  ];
  return both.flatMap(({ pollers }) => pollers);
}

/** Tasks that wait for an agent to check their run's spec. */
export const unresolved = async (cluster: Cluster, queue: string): Promise<number> =>
  (await describe(cluster, resolveTaskQueue(queue), 'activity')).waiting;

async function describe({ relaunch }: Cluster, name: string, type: keyof typeof types) {
  const answer = await relaunch.temporal.workflowService.describeTaskQueue({
    namespace: relaunch.settings.entity,
    taskQueue: { name },
    taskQueueType: types[type],
    reportStats: true,
  });
  return {
    pollers: answer.pollers.map(({ identity }) => `${name}: ${String(identity)}`),
    waiting: Number(answer.stats?.approximateBacklogCount ?? 0),
  };
}
