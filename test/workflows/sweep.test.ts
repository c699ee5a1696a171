import { expect, test } from 'vitest';
import { cancelSignal } from '../../contracts/messages.ts';
import { pauseUpdate, rerunFailedUpdate, resumeUpdate, setNumWorkersUpdate } from '../../contracts/sweep-messages.ts';
import { sweepResult } from '../../contracts/sweep-result.ts';
import { indexOfTrial } from '../../contracts/trial.ts';
import { cancellationIn, failureIn } from '../support/closings.ts';
import {
  executionsFrom,
  gridOf,
  longHistory,
  numbers,
  resultOf,
  ScriptedSweeps,
  trialsOf,
  until,
} from '../support/scripted-sweeps.ts';

const sweeps = new ScriptedSweeps();

const metric = { name: 'loss', goal: 'minimize' };

test('every point is run once, and never more trials at once than workers', async () => {
  const handle = await sweeps.start(gridOf({ loss: numbers(7), ms: [500, 900, 4_000] }, { metric }), { numWorkers: 4 });
  expect(await resultOf(handle)).toMatchObject({
    ...{ sweep: handle.workflowId, state: 'succeeded', running: 0, total: 21, numWorkers: 4, maxWorkers: 8 },
    tally: { drawn: 21, succeeded: 21, failed: 0, cancelled: 0, best: { index: 0, value: 0 } },
  });
  const { most, ids } = await trialsOf(handle);
  expect(most).toBe(4);
  expect(ids.map((id) => indexOfTrial(handle.workflowId, id))).toEqual(numbers(21));
});

test('a random search ends exactly at its cap', async () => {
  const input = gridOf({}, { method: 'random', parameters: { loss: { min: 0, max: 1_000 } }, runCap: 9, seed: 5 });
  const handle = await sweeps.start(input);
  expect(await resultOf(handle)).toMatchObject({ total: 9, tally: { drawn: 9, succeeded: 9 } });
  expect((await trialsOf(handle)).ids).toHaveLength(9);
});

test('what was run before is not run again', async () => {
  const prior = [{ run: 'earlier', config: { loss: 1, other: true } }];
  const handle = await sweeps.start(gridOf({ loss: numbers(4) }, { prior }));
  expect(await resultOf(handle)).toMatchObject({ total: 3, tally: { drawn: 3 } });
  const { ids } = await trialsOf(handle);
  expect(ids.map((id) => indexOfTrial(handle.workflowId, id))).toEqual([0, 2, 3]);
});

test('a target that is reached ends the search', async () => {
  const input = gridOf({ loss: [9, 1, 8, 7, 6, 5] }, { metric: { ...metric, target: 1 } });
  expect((await resultOf(await sweeps.start(input, { numWorkers: 1 }))).tally).toMatchObject({
    succeeded: 2,
    stopped: 'target',
    best: { value: 1 },
  });
});

test('trials that fail do not end a sweep, unless all do', async () => {
  const mixed = await resultOf(await sweeps.start(gridOf({ loss: numbers(2), end: ['fail', 'succeed'] })));
  expect(mixed).toMatchObject({ state: 'succeeded', tally: { succeeded: 2, failed: 2 } });
  const { type, message, said } = await failureIn(await sweeps.start(gridOf({ loss: numbers(3), end: ['fail'] })));
  expect(type).toBe('TooManyFailures');
  expect(message).toContain('all of 3 trials failed');
  expect(sweepResult.parse(said)).toMatchObject({ state: 'failed', tally: { failed: 3 } });
});

test.each([
  ['maxFailures', { maxFailures: 1 }, 'more than maxFailures allows'],
  ['maxConsecutiveFailures', { maxConsecutiveFailures: 2 }, 'one after the other'],
])('%s stops a sweep', async (_, policy, sentence) => {
  const handle = await sweeps.start(gridOf({ loss: numbers(9), end: ['fail'] }, policy), { numWorkers: 1 });
  const { type, message } = await failureIn(handle);
  expect(type).toBe('TooManyFailures');
  expect(message).toContain(sentence);
  expect(message).toContain('exit code 3');
  expect((await trialsOf(handle)).ids).toHaveLength(2);
});

test('a trial that ends well without the metric has failed, and says what it printed', async () => {
  const input = gridOf({ loss: [3] }, { metric: { name: 'accuracy' } });
  expect((await failureIn(await sweeps.start(input))).message).toContain(
    'it ended well without the metric "accuracy": it printed "loss"',
  );
  const silent = gridOf({ ms: [10] }, { metric });
  expect((await failureIn(await sweeps.start(silent))).message).toContain('it printed no metrics');
});

test('a sweep that is paused starts no trial until it is resumed', async () => {
  const handle = await sweeps.start(gridOf({ loss: numbers(3), ms: [1_500] }), { numWorkers: 1 });
  await until(handle, { running: 1 });
  expect(await handle.executeUpdate(pauseUpdate)).toBe(true);
  await until(handle, { state: 'paused', running: 0, tally: { succeeded: 1, drawn: 1 } });
  expect(await handle.executeUpdate(resumeUpdate)).toBe(false);
  expect(await resultOf(handle)).toMatchObject({ tally: { succeeded: 3 } });
});

test('the number of workers goes up and down at once, within the bound of the queue', async () => {
  const handle = await sweeps.start(gridOf({ loss: numbers(40), ms: [2_500] }), { numWorkers: 2, maxWorkers: 16 });
  await until(handle, { running: 2 });
  const set = (n: unknown): Promise<number> => handle.executeUpdate(setNumWorkersUpdate, { args: [n as number] });
  for (const wrong of [0, 17, 1.5, '4', null]) await expect(set(wrong)).rejects.toThrow();
  expect(await set(16)).toBe(16);
  await until(handle, { running: 16, numWorkers: 16 });
  expect(await set(1)).toBe(1);
  await until(handle, { running: 1 });
  await handle.signal(cancelSignal);
  expect(sweepResult.parse(await cancellationIn(handle)).tally.drawn).toBeGreaterThanOrEqual(16);
  expect((await trialsOf(handle)).most).toBe(16);
});

test('failed trials are run again on request, each under a new id', async () => {
  const handle = await sweeps.start(gridOf({ loss: numbers(2), end: ['fail-once', 'hold'] }), { numWorkers: 8 });
  await until(handle, { running: 2, tally: { failed: 2 } });
  expect(await handle.executeUpdate(rerunFailedUpdate)).toBe(2);
  await until(handle, { running: 2, tally: { failed: 0, succeeded: 2 } });
  await handle.signal(cancelSignal);
  await cancellationIn(handle);
  const { ids } = await trialsOf(handle);
  expect(new Set(ids).size).toBe(6);
  expect(ids.slice(4)).toEqual([`${ids[0] ?? ''}-r1`, `${ids[1] ?? ''}-r1`]);
});

test('a trial that somebody cancels is an ended trial, at once', async () => {
  const handle = await sweeps.start(gridOf({ loss: numbers(3), end: ['hold'] }), { numWorkers: 3 });
  await until(handle, { running: 3 });
  const [first = '', second = '', third = ''] = (await trialsOf(handle)).ids;
  await sweeps.env.client.workflow.getHandle(first).cancel();
  await until(handle, { running: 2, tally: { cancelled: 1 } });
  await sweeps.env.client.workflow.getHandle(second).cancel();
  await sweeps.env.client.workflow.getHandle(third).cancel();
  expect((await resultOf(handle)).tally).toMatchObject({ cancelled: 3, interrupted: [] });
});

test.each(['by signal', 'through Temporal'])('cancel %s: the sweep closes when the last trial has', async (how) => {
  const input = gridOf({ loss: numbers(20), end: ['hold'], graceMs: [300] });
  const handle = await sweeps.start(input, { numWorkers: 8 });
  await until(handle, { running: 8 });
  if (how === 'by signal') await handle.signal(cancelSignal, { by: 'ada' });
  else await handle.cancel();
  const result = sweepResult.parse(await cancellationIn(handle));
  expect(result).toMatchObject({ state: 'cancelled', running: 0, tally: { drawn: 8, cancelled: 8 } });
  expect(result.tally.interrupted.toSorted()).toEqual(numbers(8));
  for (const id of (await trialsOf(handle)).ids) {
    const { status } = await sweeps.env.client.workflow.getHandle(id).describe();
    expect(status.name).toBe('CANCELLED');
  }
});

test('a sweep goes on from where another execution was', async () => {
  const source = { code: { digest: 'b'.repeat(64) } };
  const plan = { sweep: 'x', numWorkers: 2, maxWorkers: 4, source };
  const tally = { next: 3, drawn: 3, succeeded: 1, failed: 2, failedTrials: [1], rerun: [2], reruns: 1 };
  const handle = await sweeps.start(gridOf({ loss: numbers(5) }), {}, { plan, numWorkers: 2, paused: false, tally });
  expect((await resultOf(handle)).tally).toMatchObject({ drawn: 5, succeeded: 4, failed: 2, failedTrials: [1] });
  expect((await trialsOf(handle)).ids.map((id) => id.replace(/-[a-z2-7]{6}/, ''))).toEqual(['x-2-r1', 'x-3', 'x-4']);
});

test.each([
  ['nothing', []],
  ['no map', [7]],
  ['a grid of what has no list', [gridOf({}, { parameters: { a: { distribution: 'normal' } } })]],
  ['a launch without a queue', [gridOf({ a: [1] }, { launch: {} })]],
  ['nothing to go on from', [gridOf({ a: [1] }), { tally: { next: -1 } }]],
])('junk as input (%s) is refused in words, not wedged', async (_, [input, ...more]) => {
  expect(await failureIn(await sweeps.start(input, {}, ...more))).toMatchObject({ type: 'LaunchRejected' });
});

test('junk signals do not wedge a sweep', async () => {
  const handle = await sweeps.start(gridOf({ loss: numbers(2), end: ['hold'] }));
  await until(handle, { running: 2 });
  for (const junk of [undefined, null, 7, 'x', [[]]]) await handle.signal('nobody-knows-this', junk);
  await handle.signal('cancel', 'x');
  expect(sweepResult.parse(await cancellationIn(handle))).toMatchObject({ state: 'cancelled' });
});

test('no workflow task starts more trials than fit into its answer', async () => {
  const most = async (env: Record<string, string>): Promise<number> => {
    const input = gridOf({ loss: numbers(130), ms: [60_000] }) as { launch: object };
    const handle = await sweeps.start(
      { ...input, launch: { ...input.launch, env } },
      { numWorkers: 130, maxWorkers: 130 },
    );
    expect((await resultOf(handle)).tally.succeeded).toBe(130);
    expect((await trialsOf(handle)).most).toBe(130);
    const { events } = await handle.fetchHistory();
    const tasks = (events ?? []).map((event) =>
      String(event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowTaskCompletedEventId),
    );
    const counts = Map.groupBy(
      tasks.filter((task) => task !== 'undefined'),
      (task) => task,
    );
    return Math.max(...[...counts.values()].map(({ length }) => length));
  };
  expect(await most({})).toBe(100);
  expect(await most({ LARGE: 'x'.repeat(20_000) })).toBe(15);
});

test('a long history is handed on: nothing is lost, nothing run twice', async () => {
  const input = gridOf({ loss: numbers(longHistory), ms: [700] }, { metric, maxFailures: 1 });
  const handle = await sweeps.start(input, { numWorkers: 8 });
  const { runId: first } = await handle.describe();
  await until(handle, { running: 8 });
  await handle.executeUpdate(setNumWorkersUpdate, { args: [6] });
  expect(await resultOf(handle)).toMatchObject({
    ...{ state: 'succeeded', total: longHistory, numWorkers: 6 },
    tally: { drawn: longHistory, succeeded: longHistory, best: { index: 0, value: 0 } },
  });
  // How many executions it takes depends on how many tasks the events of one are spread over.
  const executions = await executionsFrom(sweeps.env.client.workflow.getHandle(handle.workflowId, first));
  expect(executions.length).toBeGreaterThan(1);
  const ids = (await Promise.all(executions.map(trialsOf))).flatMap((part) => part.ids);
  expect(ids.map((id) => indexOfTrial(handle.workflowId, id))).toEqual(numbers(longHistory));
});
