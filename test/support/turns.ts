import { fileURLToPath } from 'node:url';
import { list, pauseQueue, resumeQueue, trafficOf } from '../../client/index.ts';
import { saying, type Cluster, type Started } from './cluster.ts';
import { until } from './until.ts';

const stillOpen = "ExecutionStatus = 'Running'";
const program = fileURLToPath(new URL('../bench/noop-agent.ts', import.meta.url));

/** An agent of a queue whose jobs do nothing, up and polling. */
export const noopAgent = (cluster: Cluster, queue: string, maxJobs: number): Promise<Started> =>
  saying(cluster.program(program, queue, String(maxJobs)), 'agent serves');

/**
 * Has users' runs wait in a queue whose jobs do nothing until all of them do, and then be taken one at a time. `runs`: how many of each.
 * Answers whose they were, in the order in which they ended.
 */
export async function turnsOf(
  cluster: Cluster,
  queue: string,
  runs: Readonly<Record<string, number>>,
): Promise<string[]> {
  const { relaunch } = cluster;
  await pauseQueue(relaunch, queue, { by: 'ada', reason: 'until all wait' });
  const users = Object.entries(runs).flatMap(([user, count]) => Array.from({ length: count }, () => user));
  await noopAgent(cluster, queue, 1);
  await Promise.all(users.map((user) => cluster.shell(queue, 'true', { user })));
  await until('all wait', async () => (await trafficOf(relaunch, queue)).waiting >= users.length, 120_000, 200);
  await resumeQueue(relaunch, queue, 'ada');
  await until(
    'all have ended',
    async () => (await list(relaunch, { queue, query: stillOpen })).length === 0,
    300_000,
    200,
  );
  const rows = await list(relaunch, { queue }, 10_000);
  return rows.sort((a, b) => (a.closedAt?.getTime() ?? 0) - (b.closedAt?.getTime() ?? 0)).map(({ user = '' }) => user);
}
