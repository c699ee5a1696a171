import { logs } from '../../client/index.ts';
import { statusQuery, type RunStatus } from '../../contracts/messages.ts';
import type { Cluster } from './cluster.ts';
import { until } from './until.ts';

/** Each look is a task for the control worker. */
const lookEveryMs = 300;

/** For bringing a run somewhere on a machine that may be busy; nobody measures it. */
const patienceMs = 90_000;

/** Waits until a run's own status satisfies a condition. */
export function untilStatus(
  { relaunch }: Pick<Cluster, 'relaunch'>,
  workflowId: string,
  what: string,
  holds: (status: RunStatus) => boolean,
): Promise<RunStatus> {
  const look = async (): Promise<RunStatus> => {
    const status = await relaunch.temporal.workflow.getHandle(workflowId).query(statusQuery);
    if (holds(status)) return status;
    throw new Error(JSON.stringify(status));
  };
  return until(`${workflowId} ${what}`, look, patienceMs, lookEveryMs);
}

/** Waits until an attempt (default: the first) has been submitted, and by whom: from then on it is followed. */
export async function untilFollowed(
  cluster: Pick<Cluster, 'relaunch'>,
  workflowId: string,
  attempt = 1,
): Promise<string> {
  const agentOf = ({ attempts }: RunStatus): string | undefined => attempts[attempt - 1]?.agent;
  const status = await untilStatus(cluster, workflowId, 'is followed', (each) => agentOf(each) !== undefined);
  return agentOf(status) ?? '';
}

/** Waits until the first attempt stands in its queue. */
export async function untilQueued(cluster: Cluster, workflowId: string): Promise<void> {
  await untilStatus(cluster, workflowId, 'stands in its queue', ({ attempts }) => attempts.length === 1);
}

/** What a run has written to stdout, over all attempts: on stderr its shell may have a word about what was killed. */
export async function linesOf({ relaunch }: Pick<Cluster, 'relaunch'>, workflowId: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { line } of logs(relaunch, workflowId)) {
    if (line.s === 'stdout') lines.push(line.m);
  }
  return lines;
}
