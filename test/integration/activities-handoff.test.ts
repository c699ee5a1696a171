import { afterEach, beforeEach, expect, test } from 'vitest';
import { endIfAbandoned } from '../../activities/end-attempt.ts';
import { keyOf } from '../../store/layout.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { agent } from '../support/activity-workflow.ts';
import { never, untilTerm } from '../support/backend-harness.ts';
import { failing } from '../support/failing-store.ts';
import { pidsOf } from '../support/process-pids.ts';

const untilTermExit3 = untilTerm(3)[2] ?? '';
/** Says 1 to 200, and ends. */
const counting = 'for i in $(seq 1 200); do echo $i; [ $((i % 20)) -ne 0 ] || sleep 0.1; done';
const counted = Array.from({ length: 200 }, (_, i) => String(i + 1));

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

const cancelled = expect.objectContaining({ name: 'CancelledFailure' }) as unknown;

test.each([
  ['the worker shuts down', { workerShutdown: true }],
  ['the activity timed out', { timedOut: true }],
  ['the activity is paused', { paused: true }],
  ['the activity is reset', { reset: true }],
  ['the workflow has called release in its place', { cancelRequested: true }],
  ['the workflow is gone, or was reset', { notFound: true }],
])('a job goes on when %s, and the next await finds it', async (_, why) => {
  const run = await harness.begun(untilTermExit3);
  await harness.said(run, 'ready');
  const first = run.following();
  first.cancel(why);
  await expect(first.result).rejects.toEqual(cancelled);
  expect(pidsOf(run.ref()).length).toBeGreaterThan(0);
  expect(harness.gate.live).toBe(1);
  expect(await harness.store.has(keyOf.asked(run.run, 1))).toBe(false);
  const second = run.follow();
  await run.stop({ attempt: 1, as: 'preempted', by: 'ada' });
  expect((await second).outcome).toMatchObject({ kind: 'preempted', by: 'ada', exitCode: 3 });
});

test('awaits that are called off again and again lose no line and double none', async () => {
  let awaits = 0;
  const activities = harness.agent({
    reached: (point) => {
      if (point === 'await:running') awaits++;
      return Promise.resolve();
    },
  });
  const run = await harness.begun(counting, activities);
  for (const [before, line] of [20, 80, 140].entries()) {
    await harness.said(run, `\n${String(line)}\n`);
    const following = run.following();
    await expect.poll(() => awaits).toBe(before + 1);
    following.cancel({ workerShutdown: true });
    await expect(following.result).rejects.toEqual(cancelled);
  }
  expect((await run.follow()).outcome).toMatchObject({ kind: 'succeeded' });
  expect(await harness.texts(run)).toEqual(counted);
});

test.each([
  ['exits with 3', untilTermExit3, { kind: 'cancelled', exitCode: 3 }],
  ['succeeds', untilTerm(0)[2] ?? '', { kind: 'succeeded' }],
])('a job whose workflow was terminated is stopped, recorded and removed: it %s', async (_, script, outcome) => {
  const run = await harness.begun(script);
  await harness.said(run, 'ready');
  const following = run.following();
  const { backend } = harness.processes;
  expect(await endIfAbandoned(harness.needs(), backend, run.ref(), never)).toBe(false);
  harness.workflowState.known = () => ({ open: false, firstRunId: 'first' });
  following.cancel({ notFound: true });
  await expect(following.result).rejects.toEqual(cancelled);
  expect(await endIfAbandoned(harness.needs(), backend, run.ref(), never)).toBe(true);
  expect(await harness.json(keyOf.end(run.run, 1))).toMatchObject({ outcome });
  expect(await harness.json(keyOf.asked(run.run, 1))).toMatchObject({
    ...{ as: 'cancelled', reason: 'its workflow is gone: failed, terminated or deleted' },
  });
  expect(pidsOf(run.ref())).toEqual([]);
  expect(await harness.processes.backend.list(agent)).toEqual([]);
  expect(harness.gate.live).toBe(0);
  expect(await harness.texts(run)).toEqual(['ready', 'saved']);
});

test('a store that is lost at any write fails the await to be tried again, and the next one completes the log', async () => {
  // Logs, their end, the record; each written and unheard of, or not written at all.
  for (const [write, done] of [1, 2, 3].flatMap((at) => [[at, false] as const, [at, true] as const])) {
    const { store, breakAt, repair } = failing(harness.store);
    const run = await harness.begun(`${counting.replace('sleep 0.1', ':')}; exit 3`);
    const broken = harness.workflow(run.workflowId, harness.agent({ store }));
    breakAt(write, done);
    const first = broken.follow();
    await expect(first).rejects.toEqual(failure('StoreUnavailable'));
    expect(harness.gate.live).toBe(1);
    expect(await harness.processes.backend.list(agent)).toHaveLength(1);
    repair();
    const end = await broken.follow();
    expect(end.outcome).toMatchObject({ kind: 'failed', exitCode: 3 });
    expect(await harness.texts(run)).toEqual(counted);
    expect(await harness.json(keyOf.end(run.run, 1))).toEqual(end);
    expect(await harness.processes.backend.list(agent)).toEqual([]);
  }
});

test('an await that dies between record and removal is finished by the next', async () => {
  let alive = true;
  const activities = harness.agent({
    reached: (point) =>
      alive && point === 'await:after-record' ? Promise.reject(new Error('dead')) : Promise.resolve(),
  });
  const run = await harness.begun('exit 3', activities);
  await expect(run.follow()).rejects.toThrow('dead');
  expect(await harness.processes.backend.list(agent)).toHaveLength(1);
  alive = false;
  expect((await run.follow()).outcome).toMatchObject({ kind: 'failed', exitCode: 3 });
  expect(await harness.processes.backend.list(agent)).toEqual([]);
  expect(harness.gate.live).toBe(0);
});
