import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { result } from '../../client/index.ts';
import { atMost } from '../../activities/at-most.ts';
import { attemptsBefore, caughtIn, queues, startAgents, states } from '../support/caught-run.ts';
import { Cluster } from '../support/cluster.ts';
import { untilQueued } from '../support/run-watch.ts';
import { Measured, projectOf, takeWay, untilNoTrace, type Caught } from '../support/way-taken.ts';
import { malformed, signal, temporal, waysOut } from '../support/ways-out.ts';

vi.setConfig({ maxConcurrency: 100 });

const graceMs = 2_000;
/** Two of its rounds. */
const janitorMs = 45_000;
const measured = { cancelled: new Measured(), cut: new Measured(), removed: new Measured() };

/** All runs back off at the same time: so many ends in one second would measure the machine. */
const takingTurns = atMost(3);

let cluster: Cluster;
/** Runs that were told to end before any control worker was there, by what they were told. */
const early = new Map<string, string>();

beforeAll(async () => {
  cluster = await Cluster.start(queues({}), { control: false });
  const inputs = { good: ['--input', '{"by": "ada"}'], empty: [], ...malformed };
  for (const [what, input] of Object.entries(inputs)) {
    early.set(what, (await cluster.shell('running', 'true')).workflowId);
    for (let times = 0; times < 2; times++) await signal(cluster, early.get(what) ?? '', ...input);
  }
  early.set('cancel', (await cluster.shell('running', 'true')).workflowId);
  await temporal(cluster, 'workflow', 'cancel', '--workflow-id', early.get('cancel') ?? '');
  await cluster.control();
  await startAgents(cluster);
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  console.log(`cancelled and gone: ${measured.cancelled.report()}`);
  console.log(`terminated or deleted, and gone: ${measured.cut.report()}`);
  console.log(`no trace left: ${measured.removed.report()}`);
});

test.concurrent.each(waysOut)(
  '$title ends a run for good, whether it is queued, starting, running or backing off',
  { timeout: 360_000 },
  async (way) => {
    const project = projectOf(way);
    const caught = Object.fromEntries(
      await Promise.all(states.map(async (state) => [state, await caughtIn(cluster, state, project)] as const)),
    ) as Caught;
    if (way.closes === 'CANCELLED') {
      const bound = { boundMs: graceMs + 5_000 };
      const askedAt = await takingTurns(() => takeWay(cluster, way, caught, measured.cancelled, bound));
      for (const state of states) {
        const end = await result(cluster.relaunch, caught[state]);
        expect(end.state).toBe('cancelled');
        expect(end.attempts.length).toBeGreaterThanOrEqual(attemptsBefore[state]);
        expect(Date.parse(end.attempts.at(-1)?.startedAt ?? '')).toBeLessThanOrEqual(askedAt[state]);
      }
    } else await takeWay(cluster, way, caught, measured.cut, { boundMs: graceMs + 35_000 });
    await untilNoTrace(cluster, way, caught, measured.removed, janitorMs);
  },
);

test.concurrent('what is told to end before anybody works on it never begins', { timeout: 60_000 }, async () => {
  for (const [what, run] of early) {
    const end = await result(cluster.relaunch, run);
    expect({ what, state: end.state, attempts: end.attempts }).toEqual({ what, state: 'cancelled', attempts: [] });
  }
});

test.concurrent('a run that has ended is told so, and stays as it is', { timeout: 60_000 }, async () => {
  const { workflowId } = await cluster.shell('running', 'true');
  expect((await result(cluster.relaunch, workflowId)).state).toBe('succeeded');
  await expect(signal(cluster, workflowId)).rejects.toThrow('already completed');
  const { code, output } = await cluster.run('cancel', workflowId);
  expect(code).toBe(1);
  expect(output).toContain('has ended already: succeeded');
  expect((await result(cluster.relaunch, workflowId)).state).toBe('succeeded');
});

test.concurrent('half of a JSON text is refused, and the run stays as it is', { timeout: 60_000 }, async () => {
  const { workflowId } = await cluster.shell('queued', 'true');
  await untilQueued(cluster, workflowId);
  await expect(signal(cluster, workflowId, '--input', '{"by":')).rejects.toThrow('not valid JSON');
  const { status } = await cluster.relaunch.temporal.workflow.getHandle(workflowId).describe();
  expect(status.name).toBe('RUNNING');
});
