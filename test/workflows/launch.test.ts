import type { Client, WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  cancelSignal,
  extendRunTimeoutUpdate,
  launchWorkflowType,
  preemptSignal,
  resultMemo,
  statusQuery,
} from '../../contracts/messages.ts';
import type { AttemptOutcome } from '../../contracts/outcome.ts';
import { runResult, type RunResult } from '../../contracts/run-result.ts';
import { searchAttribute } from '../../contracts/search-attributes.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { testServer } from '../../scripts/temporal-binaries.ts';
import {
  servedQueue,
  startScripted,
  unservedQueue,
  type Script,
  type ScriptedAgent,
} from '../support/scripted-agent.ts';

let env: TestWorkflowEnvironment;
let agent: ScriptedAgent;
let stop: () => Promise<void>;
let client: Client;

beforeAll(async () => {
  env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: await testServer() } },
  });
  client = env.client;
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.values(searchAttribute).map(({ name, type }) => [name, encodeSearchAttributeIndexedValueType(type) ?? 0]),
    ),
  });
  ({ agent, stop } = await startScripted(env.nativeConnection, client));
}, 120_000);

afterAll(async () => {
  await stop();
  await env.teardown();
});

const at = new Date(0).toISOString();
const succeeded: AttemptOutcome = { kind: 'succeeded', exitCode: 0, at };
const evicted: AttemptOutcome = { kind: 'preempted', reason: 'EvictionByEvictionAPI', by: 'cluster', at };
const failed: AttemptOutcome = { kind: 'failed', cause: 'exit-code', exitCode: 3, at, message: 'boom' };
const neverStarted: AttemptOutcome = { kind: 'lost', reason: 'never-started', at };

const spec = (queue: string, more: object = {}) => ({
  queue,
  source: { code: { digest: 'a'.repeat(64) } },
  entrypoint: ['python', 'train.py'],
  ...more,
});

let count = 0;

async function start(script: Script, input?: unknown): Promise<WorkflowHandle> {
  const workflowId = `t-${String(++count)}`;
  agent.script(workflowId, script);
  return client.workflow.start(launchWorkflowType, {
    workflowId,
    taskQueue: controlTaskQueue,
    args: [input ?? spec(servedQueue)],
  });
}

async function failureOf(handle: WorkflowHandle): Promise<{ type: string; message: string; result: RunResult }> {
  const error = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure))
    throw new Error('it ended otherwise', { cause: error });
  const { type, message, details } = error.cause;
  return { type: type ?? '', message, result: runResult.parse(details?.[0]) };
}

async function canceled(handle: WorkflowHandle): Promise<RunResult> {
  const error = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof CancelledFailure))
    throw new Error('it ended otherwise', { cause: error });
  const description = await handle.describe();
  expect(description.status.name).toBe('CANCELLED');
  return runResult.parse(description.memo?.[resultMemo]);
}

async function until(handle: WorkflowHandle, state: string): Promise<void> {
  await expect.poll(async () => (await handle.query(statusQuery)).state, { timeout: 10_000 }).toBe(state);
}

test('a run that succeeds costs at most three activities and 36 events', async () => {
  const handle = await start({ attempts: [succeeded], observes: true });
  const result = runResult.parse(await handle.result());
  expect(result).toMatchObject({
    state: 'succeeded',
    requeues: 0,
    attempts: [{ attempt: 1, node: 'n1', agent: 'scripted' }],
  });
  expect(result.summary).toEqual({ loss: { last: 1, min: 0, max: 1 } });
  const { events } = await handle.fetchHistory();
  expect(events?.length).toBeLessThanOrEqual(36);
  expect(events?.filter((event) => event.activityTaskScheduledEventAttributes != null)).toHaveLength(3);
});

test.each([
  [0, 'succeeds at once'],
  [4, 'succeeds after four'],
  [5, 'succeeds after five'],
])('%i preemptions: it %s', async (preemptions) => {
  const handle = await start({ attempts: [...Array<AttemptOutcome>(preemptions).fill(evicted), succeeded] });
  const result = runResult.parse(await handle.result());
  expect(result.requeues).toBe(preemptions);
  expect(result.attempts).toHaveLength(preemptions + 1);
});

test('the sixth preemption ends the run as PreemptionLimitReached with six attempts listed', async () => {
  const before = await env.currentTimeMs();
  const { type, message, result } = await failureOf(await start({ attempts: Array<AttemptOutcome>(6).fill(evicted) }));
  expect(type).toBe('PreemptionLimitReached');
  expect(message).toContain('EvictionByEvictionAPI');
  expect(result.attempts.map(({ outcome }) => outcome?.kind)).toEqual(Array(6).fill('preempted'));
  expect(result).toMatchObject({ state: 'failed', requeues: 5 });
  // Back-off: 0, 5, 10, 20, 40 s.
  expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(75_000);
});

test('requeue.max 0: the first preemption is the last', async () => {
  const { type, result } = await failureOf(
    await start({ attempts: [evicted], plan: { requeue: { max: 0, on: ['EvictionByEvictionAPI'] } } }),
  );
  expect(type).toBe('PreemptionLimitReached');
  expect(result.attempts).toHaveLength(1);
});

test('a failure of the job names exit code and last words, and is retried only where asked', async () => {
  const once = await failureOf(await start({ attempts: [failed] }));
  expect(once).toMatchObject({ type: 'JobFailed', result: { attempts: [{ outcome: { exitCode: 3 } }] } });
  expect(once.message).toContain('boom');
  const twice = runResult.parse(await (await start({ attempts: [failed, succeeded], plan: { retries: 1 } })).result());
  expect(twice).toMatchObject({ state: 'succeeded', requeues: 0 });
});

test('an attempt that never started is tried again without counting, three times', async () => {
  const { type, result } = await failureOf(await start({ attempts: Array<AttemptOutcome>(4).fill(neverStarted) }));
  expect(type).toBe('JobLost');
  expect(result).toMatchObject({ requeues: 0 });
  expect(result.attempts).toHaveLength(4);
});

test('a queue time-out of seven days ends a run that nobody takes', async () => {
  const handle = await start({ attempts: ['never'], plan: { timeoutsMs: { queue: 7 * 86_400_000 } } });
  const before = await env.currentTimeMs();
  const { type, result } = await failureOf(handle);
  expect(type).toBe('QueueTimeout');
  expect(result.state).toBe('timed-out');
  expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(7 * 86_400_000);
  expect(agent.heard(handle.workflowId)).toMatchObject({
    submits: [],
    releases: [{ as: 'timed-out', phase: 'queue' }],
  });
});

test('a queue time-out also ends a run that no agent resolves', async () => {
  const handle = await start({ attempts: [], resolves: false }, spec(servedQueue, { timeouts: { queue: '7d' } }));
  expect(await failureOf(handle)).toMatchObject({ type: 'QueueTimeout', result: { state: 'timed-out', attempts: [] } });
});

test('a start time-out stops an attempt that does not come to run', async () => {
  const handle = await start({ attempts: ['hold'], plan: { timeoutsMs: { start: 500 } } });
  expect(await failureOf(handle)).toMatchObject({ type: 'StartTimeout', result: { state: 'timed-out' } });
  expect(agent.heard(handle.workflowId).stops).toMatchObject([{ as: 'timed-out', phase: 'start' }]);
});

test('a run time-out counts from running, and extendRunTimeout moves it up to the bound of the queue', async () => {
  const handle = await start({
    attempts: ['hold'],
    observes: true,
    plan: { timeoutsMs: { run: 1_500, start: 60_000 }, maxRunTimeoutMs: 3_000 },
  });
  await until(handle, 'running');
  expect(await handle.executeUpdate(extendRunTimeoutUpdate, { args: [{ byMs: 1_000 }] })).toBe(2_500);
  await expect(handle.executeUpdate(extendRunTimeoutUpdate, { args: [{ byMs: 1_000 }] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining("beyond the queue's bound of 3s") as string },
  });
  await expect(handle.executeUpdate('extendRunTimeout', { args: ['x'] })).rejects.toThrow();
  const { type, result } = await failureOf(handle);
  expect(type).toBe('RunTimeout');
  const [attempt] = result.attempts;
  const lastedMs = Date.parse(attempt?.endedAt ?? '') - Date.parse(attempt?.startedAt ?? '');
  expect(lastedMs).toBeGreaterThanOrEqual(2_500);
});

test('an await that stays silent after a stop is replaced by release', async () => {
  const handle = await start({ attempts: ['silent'], observes: true });
  await until(handle, 'running');
  await handle.signal(cancelSignal, { by: 'ada' });
  await expect.poll(() => agent.heard(handle.workflowId).stops.length, { timeout: 10_000 }).toBe(1);
  expect(await canceled(handle)).toMatchObject({ attempts: [{ outcome: { kind: 'cancelled' } }] });
  expect(agent.heard(handle.workflowId).releases).toHaveLength(1);
});

// From here on time is not skipped any more: the test server never forgets a task that was cancelled before anybody took it.
test.each([
  ['queued', unservedQueue, [], [{ as: 'cancelled', by: 'ada', reason: 'wrong data' }]],
  ['starting', servedQueue, ['hold'], []],
] as const)(
  'cancel while %s closes the workflow as Canceled, with who and why',
  async (state, queue, attempts, releases) => {
    const handle = await start({ attempts: [...attempts] }, spec(queue));
    await until(handle, state);
    await handle.signal(cancelSignal, { by: 'ada', reason: 'wrong data' });
    const result = await canceled(handle);
    expect(result).toMatchObject({
      state: 'cancelled',
      outcome: { kind: 'cancelled', by: 'ada', reason: 'wrong data' },
    });
    expect(agent.heard(handle.workflowId).releases).toMatchObject(releases);
  },
);

test('cancel while running, by signal and by Temporal itself', async () => {
  for (const cancel of [(h: WorkflowHandle) => h.signal(cancelSignal), (h: WorkflowHandle) => h.cancel()]) {
    const handle = await start({ attempts: ['hold'], observes: true });
    await until(handle, 'running');
    await cancel(handle);
    expect(await canceled(handle)).toMatchObject({
      state: 'cancelled',
      attempts: [{ outcome: { kind: 'cancelled' } }],
    });
    expect(agent.heard(handle.workflowId).stops).toHaveLength(1);
  }
});

test('cancel while backing off: no further attempt', async () => {
  const handle = await start({ attempts: [evicted, evicted, succeeded] });
  // Nobody waits for the result yet, so time is not skipped and the second back-off takes its 5 s.
  await until(handle, 'preempted');
  await handle.signal(cancelSignal, {});
  expect(await canceled(handle)).toMatchObject({ requeues: 2, attempts: [{}, {}] });
  expect(agent.heard(handle.workflowId).submits).toEqual([1, 2]);
});

test('cancel before the first task', async () => {
  const workflowId = `t-${String(++count)}`;
  agent.script(workflowId, { attempts: [] });
  const handle = await client.workflow.signalWithStart(launchWorkflowType, {
    workflowId,
    taskQueue: controlTaskQueue,
    args: [spec(servedQueue)],
    signal: cancelSignal,
    signalArgs: [{ by: 'ada' }],
  });
  expect(await canceled(handle)).toMatchObject({ state: 'cancelled', attempts: [] });
  expect(agent.heard(workflowId).submits).toEqual([]);
});

test('preempt gives the machine back and counts as a requeue, whatever the policy names', async () => {
  const handle = await start({ attempts: ['hold', succeeded], observes: true, plan: { requeue: { max: 1, on: [] } } });
  await until(handle, 'running');
  await handle.signal(preemptSignal, { by: 'ada', reason: 'needs the GPU' });
  const result = runResult.parse(await handle.result());
  expect(result).toMatchObject({
    requeues: 1,
    attempts: [{ outcome: { kind: 'preempted', reason: 'requested', by: 'ada' } }, { outcome: { kind: 'succeeded' } }],
  });
});

test('a preempt while queued is no preemption of what comes later', async () => {
  const handle = await start({ attempts: [] }, spec(unservedQueue));
  await until(handle, 'queued');
  await handle.signal(preemptSignal, {});
  await handle.signal(cancelSignal, {});
  expect(await canceled(handle)).toMatchObject({ requeues: 0, attempts: [{ outcome: { kind: 'cancelled' } }] });
});

test.each([
  ['no argument', []],
  ['not an object', [17]],
  ['no queue', [{ entrypoint: ['a'] }]],
  ['a queue that is no name', [spec('../x')]],
])('junk as input (%s) is refused in words, not wedged', async (_, args) => {
  const workflowId = `t-${String(++count)}`;
  const handle = await client.workflow.start(launchWorkflowType, { workflowId, taskQueue: controlTaskQueue, args });
  expect(await failureOf(handle)).toMatchObject({ type: 'LaunchRejected' });
});

test('junk signals do not wedge a run', async () => {
  const handle = await start({ attempts: ['hold', succeeded], observes: true });
  for (const name of ['observed', 'preempt', 'nobody-knows-this']) {
    for (const junk of [undefined, null, 'x', 7, { attempt: 'x' }, [[]]]) {
      if (name !== 'preempt') await handle.signal(name, junk);
    }
  }
  await until(handle, 'running');
  await handle.signal('preempt', 'x');
  expect(runResult.parse(await handle.result())).toMatchObject({ state: 'succeeded', requeues: 1 });
});
