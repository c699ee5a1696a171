import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueue, describeQueue, listAgents, result, show, type QueueUsage, type Run } from '../../client/index.ts';
import { statusQuery } from '../../contracts/messages.ts';
import { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';

let cluster: Cluster;

const queue = { backend: 'process', gracePeriod: '2s' };

beforeAll(async () => {
  cluster = await Cluster.start({
    paused: queue,
    broken: { ...queue, breaker: { failures: 2 } },
    well: queue,
    few: { ...queue, maxLive: 1 },
    moved: queue,
    unserved: queue,
  });
  await Promise.all([
    cluster.agent('one', ['paused', 'broken', 'well', 'few', 'moved'], 8),
    cluster.agent('other', ['moved'], 8, 'host-b'),
  ]);
}, 120_000);

afterAll(() => cluster.stop());

const stateOf = async ({ workflowId }: Run): Promise<string> => (await show(cluster.relaunch, workflowId)).state;

const running = (run: Run): Promise<true> =>
  until(`run ${run.id} runs`, async () => (await stateOf(run)) === 'running' || undefined, 20_000);

/** Until `relaunch show` says why it waits. */
const waits = (run: Run, why: string): Promise<true> =>
  until(
    `${run.id} says: ${why}`,
    async () => {
      const said = (await show(cluster.relaunch, run.workflowId)).waits ?? [];
      if (said.includes(why)) return true as const;
      throw new Error(said.join('; '));
    },
    20_000,
  );

/** A job that goes on until `over` is called. */
function untilTold(name: string): { script: string; over(): Promise<void> } {
  const file = join(cluster.home, `over-${name}`);
  return { script: `until [ -e ${file} ]; do sleep 0.1; done`, over: () => writeFile(file, '') };
}

async function relaunch(...args: string[]): Promise<string> {
  const { code, output } = await cluster.run(...args);
  expect({ args, code, output }).toMatchObject({ code: 0 });
  return output;
}

test.concurrent(
  'a paused queue keeps what waits, says who paused it and why, and goes on when it is resumed',
  async () => {
    const live = await cluster.shell('paused', 'sleep 4');
    await running(live);
    await relaunch('queue', 'pause', 'paused', '--by', 'ada', '--reason', 'the disk is full');
    const waiting = await cluster.shell('paused', 'true');
    await waits(waiting, 'queue paused is paused by ada: the disk is full');
    expect(await relaunch('queue', 'list')).toMatch(/^paused .*one \d\/8 .*queue paused is paused by ada/m);
    expect(await result(cluster.relaunch, live.workflowId)).toMatchObject({ state: 'succeeded' });
    expect(await stateOf(waiting)).toBe('queued');
    await relaunch('queue', 'resume', 'paused');
    expect(await result(cluster.relaunch, waiting.workflowId)).toMatchObject({ state: 'succeeded' });
    expect((await describeQueue(cluster.relaunch, 'paused')).paused).toBeUndefined();
  },
);

test.concurrent(
  'failures in a row pause their queue with the reason, not the others; a success in between begins the count anew',
  async () => {
    const runs = async (script: string): Promise<void> => {
      const { workflowId } = await cluster.shell('broken', script);
      await result(cluster.relaunch, workflowId);
    };
    await runs('exit 7');
    await runs('true');
    await runs('exit 7');
    expect((await describeQueue(cluster.relaunch, 'broken')).paused).toBeUndefined();
    await runs('echo no such device >&2; exit 9');
    const paused = await until(
      'the breaker',
      async () => (await describeQueue(cluster.relaunch, 'broken')).paused,
      20_000,
    );
    expect(paused).toMatchObject({ by: 'agent one' });
    expect(paused.reason).toMatch(/^2 failures in a row, the last of run .*: exit code 9.*no such device/s);
    const [held, other] = [await cluster.shell('broken', 'true'), await cluster.shell('well', 'true')];
    expect(await result(cluster.relaunch, other.workflowId)).toMatchObject({ state: 'succeeded' });
    expect(await stateOf(held)).toBe('queued');
    await relaunch('queue', 'resume', 'broken');
    expect(await result(cluster.relaunch, held.workflowId)).toMatchObject({ state: 'succeeded' });
  },
);

test.concurrent('an agent that is drained gives its runs to others, takes none, and takes some again', async () => {
  const rows = () => listAgents(cluster.relaunch.store);
  const run = await cluster.shell('moved', 'echo $RELAUNCH_ATTEMPT; [ $RELAUNCH_ATTEMPT = 2 ] || sleep 60');
  await running(run);
  const handle = cluster.relaunch.temporal.workflow.getHandle(run.workflowId);
  const { agent = '' } = (await handle.query(statusQuery)).attempts[0] ?? {};
  const other = agent === 'one' ? 'other' : 'one';
  await relaunch('agent', 'drain', agent, '--preempt', '--wait', '--reason', 'new disk');
  expect(await result(cluster.relaunch, run.workflowId)).toMatchObject({
    state: 'succeeded',
    requeues: 1,
    attempts: [{ agent }, { agent: other }],
  });
  expect(await rows()).toContainEqual(
    expect.objectContaining({ agent, alive: true, live: 0, maxJobs: 8, draining: true }),
  );
  await relaunch('agent', 'resume', agent);
  await until(
    'it takes runs',
    async () => (await rows()).every(({ draining }) => draining === false) || undefined,
    20_000,
  );
});

test.concurrent('a run that waits says what for: an agent, or a place of the agent that there is', async () => {
  const unserved = await cluster.shell('unserved', 'true');
  await waits(unserved, 'no agent serves queue unserved: start one with `relaunch agent -q unserved`');
  await cluster.agent('small', ['unserved'], 1, 'host-c');
  expect(await result(cluster.relaunch, unserved.workflowId)).toMatchObject({ state: 'succeeded' });
  const { script, over } = untilTold('small');
  const live = await cluster.shell('unserved', script);
  await running(live);
  const next = await cluster.shell('unserved', 'true', { user: 'bob' });
  await waits(next, 'its agents have no place: small has 1 of 1 taken');
  const last = await cluster.shell('unserved', 'true', { user: 'eve' });
  await waits(last, 'about 1 wait before it: runs of bob');
  const code = join(cluster.home, 'code');
  const following = cluster.command('launch', '-q', 'unserved', '--code', code, '-E', 'true', '--follow');
  const held = 'held up: its agents have no place: small has 1 of 1 taken';
  await until(
    'its follower is told',
    () => {
      if (following.output().includes(held)) return true as const;
      throw new Error(following.output());
    },
    20_000,
  );
  await over();
  expect(await following.exited).toBe(0);
  const usage = JSON.parse(await relaunch('queue', 'usage', 'unserved', '--json')) as QueueUsage;
  const waited = { p50: expect.any(Number) as number, most: expect.any(Number) as number };
  const of = (user: string, runs: number): unknown =>
    expect.objectContaining({ user, runs, states: { succeeded: runs }, requeues: 0, waitedMs: waited });
  expect(usage.users).toEqual(expect.arrayContaining([of('ada', 2), of('bob', 1), of('eve', 1)]));
  expect(usage.users[0]).toMatchObject({ user: 'ada' });
  expect(await relaunch('queue', 'usage', 'unserved')).toMatch(/^ada +2 +0 +0 +2 +0 +0 +0 +\d+s +\d+s +\d+s$/m);
});

test.concurrent('a limit that is changed holds within seconds, for what waits already, too', async () => {
  const { script, over } = untilTold('few');
  const runs = [await cluster.shell('few', script), await cluster.shell('few', script)];
  const states = async (): Promise<string[]> => (await Promise.all(runs.map(stateOf))).sort();
  await until('one of them runs', async () => (await states()).join() === 'queued,running', 20_000);
  const [first, second] = runs;
  const held = first === undefined || (await stateOf(first)) === 'running' ? second : first;
  if (held !== undefined) await waits(held, 'all 1 places of queue few (maxLive) are taken');
  await createQueue(cluster.relaunch.store, 'few', { ...queue, maxLive: 2 }, { replace: true });
  await until('both run', async () => (await states()).join() === 'running,running', 20_000);
  await over();
});
