import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { result } from '../../client/index.ts';
import { caughtIn, queues, startAgents, startOrdinaryAgents, states } from '../support/caught-run.ts';
import { Cluster } from '../support/cluster.ts';
import { leavingsOf } from '../support/leavings.ts';
import { Measured, projectOf, takeWay, untilNoTrace, type Caught } from '../support/way-taken.ts';
import { waysOut, type Way } from '../support/ways-out.ts';

vi.setConfig({ maxConcurrency: 100 });

const graceMs = 2_000;
/** Instead of ten minutes. */
const agentTimeoutMs = 8_000;
/** Until the server notices that nobody works on a submit any more. */
const submitHeartbeatMs = 5_000;
/** How long a run that nobody saw begin waits for an agent that could tell. */
const unseenReleaseMs = 10_000;
const janitorMs = 120_000;

const measured = { closed: new Measured(), removed: new Measured() };
const caught = new Map<Way, Caught>();

let cluster: Cluster;

const runsOf = (way: Way): Caught => caught.get(way) ?? expect.unreachable();

beforeAll(async () => {
  cluster = await Cluster.start(queues({ agentTimeout: `${String(agentTimeoutMs / 1_000)}s` }));
  const agents = await startAgents(cluster);
  const launched = waysOut.map(async (way) => {
    const runs = states.map(async (state) => [state, await caughtIn(cluster, state, projectOf(way))] as const);
    caught.set(way, Object.fromEntries(await Promise.all(runs)) as Caught);
  });
  await Promise.all(launched);
  for (const { child } of agents) child.kill('SIGKILL');
  await Promise.all(agents.map(({ exited }) => exited));
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  console.log(`closed without an agent: ${measured.closed.report()}`);
  console.log(`no trace left, since the agent was back: ${measured.removed.report()}`);
});

test.concurrent.each(waysOut)('$title closes a run whose agent is gone', { timeout: 120_000 }, async (way) => {
  const boundMs = submitHeartbeatMs + Math.max(unseenReleaseMs, agentTimeoutMs) + graceMs + 5_000;
  await takeWay(cluster, way, runsOf(way), measured.closed, { boundMs, agentGone: true });
  // Nobody is there who could stop what runs.
  expect(await leavingsOf(cluster.home, runsOf(way).running)).not.toEqual([]);
  if (way.closes !== 'CANCELLED') return;
  const ends = await Promise.all(states.map((state) => result(cluster.relaunch, runsOf(way)[state])));
  expect(ends.map(({ state }) => state)).toEqual(states.map(() => 'cancelled'));
});

describe('when the agents are back', () => {
  beforeAll(async () => {
    await startOrdinaryAgents(cluster);
  }, 60_000);

  test.concurrent.each(waysOut)('nothing stays of runs after $title', { timeout: 360_000 }, async (way) => {
    await untilNoTrace(cluster, way, runsOf(way), measured.removed, janitorMs);
  });

  test.concurrent('a run that was cancelled while its agent was gone says so', { timeout: 60_000 }, async () => {
    for (const way of waysOut.filter(({ closes }) => closes === 'CANCELLED')) {
      const { attempts } = await result(cluster.relaunch, runsOf(way).running);
      expect(attempts[0]?.outcome?.message ?? `nothing after ${way.title}`).toContain('agent large did not answer');
    }
  });
});
