import { expect, test } from 'vitest';
import { cancelSignal, extendRunTimeoutUpdate } from '../../contracts/messages.ts';
import type { AttemptOutcome } from '../../contracts/outcome.ts';
import { runResult } from '../../contracts/run-result.ts';
import { servedQueue } from '../support/scripted-names.ts';
import {
  canceled,
  evicted,
  failed,
  failureOf,
  neverStarted,
  ScriptedLaunches,
  spec,
  succeeded,
  until,
} from '../support/scripted-launches.ts';

const launches = new ScriptedLaunches();

test('a run that succeeds costs at most three activities and 36 events', async () => {
  const handle = await launches.start({ attempts: [succeeded], observes: true });
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
  const handle = await launches.start({ attempts: [...Array<AttemptOutcome>(preemptions).fill(evicted), succeeded] });
  const result = runResult.parse(await handle.result());
  expect(result.requeues).toBe(preemptions);
  expect(result.attempts).toHaveLength(preemptions + 1);
});

test('the sixth preemption ends the run as PreemptionLimitReached with six attempts listed', async () => {
  const before = await launches.env.currentTimeMs();
  const { type, message, result } = await failureOf(
    await launches.start({ attempts: Array<AttemptOutcome>(6).fill(evicted) }),
  );
  expect(type).toBe('PreemptionLimitReached');
  expect(message).toContain('EvictionByEvictionAPI');
  expect(result.attempts.map(({ outcome }) => outcome?.kind)).toEqual(Array(6).fill('preempted'));
  expect(result).toMatchObject({ state: 'failed', requeues: 5 });
  // Back-off: 0, 5, 10, 20, 40 s.
  expect((await launches.env.currentTimeMs()) - before).toBeGreaterThanOrEqual(75_000);
});

test('requeue.max 0: the first preemption is the last', async () => {
  const { type, result } = await failureOf(
    await launches.start({ attempts: [evicted], plan: { requeue: { max: 0, on: ['EvictionByEvictionAPI'] } } }),
  );
  expect(type).toBe('PreemptionLimitReached');
  expect(result.attempts).toHaveLength(1);
});

test('a failure of the job names exit code and last words, and is retried only where asked', async () => {
  const once = await failureOf(await launches.start({ attempts: [failed] }));
  expect(once).toMatchObject({ type: 'JobFailed', result: { attempts: [{ outcome: { exitCode: 3 } }] } });
  expect(once.message).toContain('boom');
  const twice = runResult.parse(
    await (await launches.start({ attempts: [failed, succeeded], plan: { retries: 1 } })).result(),
  );
  expect(twice).toMatchObject({ state: 'succeeded', requeues: 0 });
});

test('an attempt that never started is tried again without counting, three times', async () => {
  const { type, result } = await failureOf(
    await launches.start({ attempts: Array<AttemptOutcome>(4).fill(neverStarted) }),
  );
  expect(type).toBe('JobLost');
  expect(result).toMatchObject({ requeues: 0 });
  expect(result.attempts).toHaveLength(4);
});

test('a queue time-out of seven days ends a run that nobody takes', async () => {
  const handle = await launches.start({ attempts: ['never'], plan: { timeoutsMs: { queue: 7 * 86_400_000 } } });
  const before = await launches.env.currentTimeMs();
  const { type, result } = await failureOf(handle);
  expect(type).toBe('QueueTimeout');
  expect(result.state).toBe('timed-out');
  expect((await launches.env.currentTimeMs()) - before).toBeGreaterThanOrEqual(7 * 86_400_000);
  expect(launches.heard(handle)).toMatchObject({
    submits: [],
    releases: [{ as: 'timed-out', phase: 'queue' }],
  });
});

test('a queue time-out also ends a run that no agent resolves', async () => {
  const handle = await launches.start(
    { attempts: [], resolves: false },
    spec(servedQueue, { timeouts: { queue: '7d' } }),
  );
  expect(await failureOf(handle)).toMatchObject({ type: 'QueueTimeout', result: { state: 'timed-out', attempts: [] } });
});

test('a start time-out stops an attempt that does not come to run', async () => {
  const handle = await launches.start({ attempts: ['hold'], plan: { timeoutsMs: { start: 500 } } });
  expect(await failureOf(handle)).toMatchObject({ type: 'StartTimeout', result: { state: 'timed-out' } });
  expect(launches.heard(handle).stops).toMatchObject([{ as: 'timed-out', phase: 'start' }]);
});

test('a run time-out counts from running, and extendRunTimeout moves it up to the bound of the queue', async () => {
  const handle = await launches.start({
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
  const handle = await launches.start({ attempts: ['silent'], observes: true });
  await until(handle, 'running');
  await handle.signal(cancelSignal, { by: 'ada' });
  await expect.poll(() => launches.heard(handle).stops.length, { timeout: 10_000 }).toBe(1);
  expect(await canceled(handle)).toMatchObject({ attempts: [{ outcome: { kind: 'cancelled' } }] });
  expect(launches.heard(handle).releases).toHaveLength(1);
});

// From here on time is not skipped any more: the test server never forgets a task that was cancelled before anybody took it.
