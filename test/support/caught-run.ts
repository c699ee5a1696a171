import { describe } from '../../client/runs.ts';
import type { RunState } from '../../contracts/run-result.ts';
import { keyOf } from '../../store/layout.ts';
import type { Cluster } from './cluster.ts';
import { untilQueued, untilStatus } from './run-watch.ts';
import { until } from './until.ts';

/** What a run is doing when it is asked to end. */
export const states = ['queued', 'starting', 'running', 'backing-off'] as const;
export type State = (typeof states)[number];

/** To come there, on a machine that may be busy. */
const patienceMs = 90_000;

/** For each state there is a queue of its name. A run that ended itself so is preempted. */
export const queues = (more: { agentTimeout?: string }) =>
  Object.fromEntries(
    states.map((state) => [state, { gracePeriod: '2s', requeue: { on: ['exit:75' as const] }, ...more }]),
  );

/** How many attempts a run in this state has had, or is in. */
export const attemptsBefore: Record<State, number> = { queued: 1, starting: 1, running: 1, 'backing-off': 4 };

const jobs: Record<State, string> = {
  queued: 'true',
  starting: 'true',
  running: `trap '' TERM; while :; do sleep 0.5; done`,
  'backing-off': 'exit 75',
};

/** Agents that bring runs into their states: one is full, one gets stuck in each start, one has room for all. */
export async function startAgents(cluster: Cluster) {
  const [full, stuck, large] = await Promise.all([
    cluster.agent('full', ['queued'], 1),
    cluster.hookedAgent('stuck', ['starting'], { at: 'submit:after-claim', do: 'linger' }, { maxJobs: 100 }),
    cluster.agent('large', ['running', 'backing-off'], 100),
  ]);
  const { workflowId } = await cluster.shell('queued', 'sleep 600', { project: 'blocker' });
  await untilStatus(cluster, workflowId, 'fills its agent', ({ state }) => state === 'running');
  return [full, stuck, large];
}

/** The same names, without any tricks. */
export const startOrdinaryAgents = (cluster: Cluster) =>
  Promise.all([
    cluster.agent('full', ['queued'], 1),
    cluster.agent('stuck', ['starting'], 1),
    cluster.agent('large', ['running', 'backing-off'], 1),
  ]);

/** Launches a run and waits until it is in that state. It then backs off for 20 s. Answers the workflow id. */
export async function caughtIn(cluster: Cluster, state: State, project: string): Promise<string> {
  const { workflowId } = await cluster.shell(state, jobs[state], { project });
  switch (state) {
    case 'queued':
      await untilQueued(cluster, workflowId);
      break;
    case 'starting':
      await until(
        `${workflowId} is claimed`,
        () => cluster.relaunch.store.has(keyOf.claim(workflowId, 1)),
        patienceMs,
        300,
      );
      break;
    case 'running':
      await untilShown(cluster, workflowId, 'running', attemptsBefore[state]);
      break;
    case 'backing-off':
      await untilShown(cluster, workflowId, 'preempted', attemptsBefore[state]);
      break;
  }
  return workflowId;
}

/** As Temporal shows it: asking fifty runs themselves would keep their worker busy. */
async function untilShown({ relaunch }: Cluster, workflowId: string, state: RunState, attempt: number): Promise<void> {
  const look = async (): Promise<boolean> => {
    const row = await describe(relaunch, workflowId);
    if (row.state === state && row.attempt === attempt) return true;
    throw new Error(`${row.state}, attempt ${String(row.attempt)}`);
  };
  await until(`${workflowId} is ${state} in attempt ${String(attempt)}`, look, patienceMs, 300);
}
