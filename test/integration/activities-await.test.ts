import { existsSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StopArgument } from '../../contracts/activities.ts';
import { keyOf } from '../../store/layout.ts';
import { readMetrics } from '../../store/log-reader.ts';
import { writeRecord } from '../../store/records.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { agent } from '../support/activity-workflow.ts';
import { untilTerm } from '../support/backend-harness.ts';
import { pidsOf } from '../support/process-pids.ts';

const untilTermExit = (code: number): string => untilTerm(code)[2] ?? '';

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

test('a job that succeeds leaves its end, its log and its metrics, and nothing else', async () => {
  const script = `echo hello; echo '{"loss": 2}'; echo '{"loss": 1, "step": 5}'; echo oops >&2`;
  const run = await harness.begun(script);
  const end = await run.follow();
  expect(end).toMatchObject({
    outcome: { kind: 'succeeded', exitCode: 0, node: 'test-host' },
    summary: { loss: { last: 1, min: 1, max: 2 }, step: { last: 5, min: 5, max: 5 } },
  });
  expect(await harness.json(keyOf.end(run.run, 1))).toEqual(end);
  const lines = await harness.lines(run);
  expect(lines.filter(({ s }) => s === 'stdout').map(({ m }) => m)).toEqual(script.match(/hello|\{.*?\}/g));
  expect(lines.filter(({ s }) => s === 'stderr').map(({ m }) => m)).toEqual(['oops']);
  expect(await harness.store.has(keyOf.logEnd(run.run, 1))).toBe(true);
  const points = await Array.fromAsync(readMetrics(harness.store, run.run, 1));
  expect(points.map(({ values }) => values)).toEqual([{ loss: 2 }, { loss: 1, step: 5 }]);
  expect(await harness.processes.backend.list(agent)).toEqual([]);
  expect(harness.gate.live).toBe(0);
});

test('a job that fails is told with its exit code and its last words', async () => {
  const run = await harness.begun('echo no data in /mnt >&2; exit 3');
  expect((await run.follow()).outcome).toMatchObject({
    ...{ kind: 'failed', cause: 'exit-code', exitCode: 3, message: 'no data in /mnt', node: 'test-host' },
  });
});

test('logs and end are in the store before anything of the attempt is removed', async () => {
  const seen: unknown[] = [];
  const activities = harness.agent({
    reached: async (point) => {
      if (!point.startsWith('await:')) return;
      const [log, end] = [await harness.store.has(keyOf.logEnd(run.run, 1)), await harness.json(keyOf.end(run.run, 1))];
      const onDisk = existsSync(harness.processes.path(run.ref()));
      seen.push({ point, log, end: end !== undefined, onDisk, live: harness.gate.live });
    },
  });
  const run = await harness.begun('exit 0', activities);
  await run.follow();
  expect(seen).toEqual([
    { point: 'await:running', log: false, end: false, onDisk: true, live: 1 },
    { point: 'await:before-record', log: true, end: false, onDisk: true, live: 1 },
    { point: 'await:after-record', log: true, end: true, onDisk: true, live: 1 },
    { point: 'await:after-release', log: true, end: true, onDisk: false, live: 0 },
  ]);
});

test('an end that is recorded is answered again, and what is left is removed', async () => {
  const run = await harness.begun(untilTermExit(0));
  const end = { outcome: { kind: 'succeeded', at: new Date().toISOString() }, summary: {} };
  await writeRecord(harness.store, keyOf.end(run.run, 1), end);
  for (let again = 0; again < 2; again++) expect(await run.follow()).toEqual(end);
  expect(pidsOf(run.ref())).toEqual([]);
  expect(await harness.processes.backend.list(agent)).toEqual([]);
});

test.each<[StopArgument, number, object]>([
  [
    { attempt: 1, as: 'cancelled', by: 'ada', reason: 'no' },
    7,
    { kind: 'cancelled', by: 'ada', reason: 'no', exitCode: 7 },
  ],
  [{ attempt: 1, as: 'preempted', by: 'ada' }, 7, { kind: 'preempted', reason: 'requested', by: 'ada', exitCode: 7 }],
  [{ attempt: 1, as: 'timed-out', phase: 'run' }, 7, { kind: 'timed-out', phase: 'run', exitCode: 7 }],
  [{ attempt: 1, as: 'stopped-early' }, 7, { kind: 'stopped-early', exitCode: 7 }],
  [{ attempt: 1, as: 'cancelled' }, 0, { kind: 'succeeded', exitCode: 0 }],
])('an attempt that is stopped as %j and exits with %i ends as what was asked', async (asked, code, outcome) => {
  const run = await harness.begun(untilTermExit(code));
  const following = run.follow();
  await harness.said(run, 'ready');
  await run.stop(asked);
  expect((await following).outcome).toMatchObject(outcome);
});

test.each([
  [7, { kind: 'preempted', reason: 'exit:7', by: 'job', exitCode: 7 }],
  [8, { kind: 'failed', exitCode: 8 }],
])('a job that leaves with code %i on a queue that requeues on exit:7', async (code, outcome) => {
  await harness.writeQueue('backend: process\nrequeue: { on: ["exit:7"] }\n');
  const run = await harness.begun(`exit ${String(code)}`);
  expect((await run.follow()).outcome).toMatchObject(outcome);
});

test('the workflow hears that a job runs, once it has for a second', async () => {
  const run = await harness.begun(untilTermExit(0));
  const following = run.follow();
  await expect.poll(() => harness.workflowState.observations, { timeout: 10_000 }).toHaveLength(1);
  const [seen] = harness.workflowState.observations;
  expect(seen).toMatchObject({ attempt: 1, phase: 'running', node: 'test-host' });
  expect(Date.now() - Date.parse(seen?.at ?? '')).toBeGreaterThanOrEqual(1_000);
  await run.stop({ attempt: 1, as: 'cancelled' });
  await following;
  const short = await harness.begun('exit 0');
  await short.follow();
  expect(harness.workflowState.observations).toHaveLength(1);
});

test("a job is stopped beyond its queue's run time-out, whatever its workflow does", async () => {
  await harness.writeQueue('backend: process\ntimeouts: { run: 1h }\n');
  const run = await harness.begun(untilTermExit(3));
  const started = new Date(Date.now() - 3_700_000);
  await harness.said(run, 'ready');
  utimesSync(harness.processes.path(run.ref(), 'pid'), started, started);
  expect((await run.follow()).outcome).toMatchObject({ kind: 'timed-out', phase: 'run', exitCode: 3 });
  expect(await harness.json(keyOf.asked(run.run, 1))).toEqual({ attempt: 1, as: 'timed-out', phase: 'run', by: agent });
});

test('an attempt that was claimed but never created is lost as never started', async () => {
  const run = await harness.launched('exit 0');
  await writeRecord(harness.store, keyOf.claim(run.run, 1), { agent, follow: `agent/${agent}`, uid: run.ref().uid });
  expect((await run.follow()).outcome).toMatchObject({ kind: 'lost', reason: 'never-started' });
  await run.submit();
  expect(await harness.processes.backend.list(agent)).toEqual([]);
});

test('an agent that did not submit an attempt says nothing about it', async () => {
  const run = await harness.begun(untilTermExit(0));
  const other = harness.workflow(run.workflowId, harness.agent({ agent: 'other' }));
  const elsewhere = { taskQueue: 'agent/other' };
  const foreign = failure('AttemptRefused', 'was not submitted by agent other');
  await expect(other.follow({ attempt: 1 }, elsewhere)).rejects.toEqual(foreign);
  await expect(other.stop({ attempt: 1, as: 'cancelled' }, elsewhere)).rejects.toEqual(foreign);
  await expect(other.release({ attempt: 1, as: 'lost' }, elsewhere)).rejects.toEqual(foreign);
  expect(await harness.store.has(keyOf.end(run.run, 1))).toBe(false);
  expect(pidsOf(run.ref()).length).toBeGreaterThan(0);
});
