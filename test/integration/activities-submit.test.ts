import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AttemptEnd } from '../../contracts/activities.ts';
import { keyOf } from '../../store/layout.ts';
import { writeRecord } from '../../store/records.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { agent, type Launched } from '../support/activity-workflow.ts';
import { pidsOf } from '../support/process-pids.ts';

const waiting = 'echo started; trap "exit 0" TERM; while :; do sleep 0.05; done';
const at = new Date().toISOString();
const follow = `agent/${agent}`;

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

const record = (run: Launched, attempt: number, outcome: AttemptEnd['outcome']): Promise<void> =>
  writeRecord(harness.store, keyOf.end(run.run, attempt), { outcome, summary: {} } satisfies AttemptEnd);

const preempted = { kind: 'preempted', reason: 'requested', by: 'ada', at } as const;

test('an attempt starts, claimed, with its source, and is counted', async () => {
  const run = await harness.launched('cat marker; echo; pwd; exec sleep 300');
  expect(await run.submit()).toEqual({ follow, agent });
  expect(await harness.json(keyOf.claim(run.run, 1))).toEqual({ agent, follow, uid: run.ref().uid });
  await expect.poll(() => pidsOf(run.ref()).length).toBeGreaterThan(0);
  expect(harness.gate.live).toBe(1);
});

test('an attempt that is submitted again, and twice at once, runs once', async () => {
  const run = await harness.launched(waiting);
  expect(await Promise.all([run.submit(), run.submit()])).toEqual([1, 2].map(() => ({ follow, agent })));
  expect(await run.submit({ attempt: 1 }, { attempt: 2 })).toEqual({ follow, agent });
  await harness.said(run, 'started');
  await run.stop({ attempt: 1, as: 'cancelled' });
  await run.submit();
  await run.follow();
  expect((await harness.lines(run)).filter(({ m }) => m === 'started')).toHaveLength(1);
});

test('an attempt that has ended is not started again', async () => {
  const run = await harness.begun('echo once');
  await run.follow();
  expect(await run.submit()).toEqual({ follow, agent });
  expect(await harness.processes.backend.list(agent)).toEqual([]);
  expect(harness.gate.live).toBe(0);
});

test('the second attempt starts after a recorded end that is requeued', async () => {
  const run = await harness.launched('test "$RELAUNCH_RESUMED" = 1 && exec sleep 300');
  await record(run, 1, preempted);
  expect(await run.submit({ attempt: 2 })).toEqual({ follow, agent });
  await expect.poll(() => pidsOf(run.ref(2)).length).toBeGreaterThan(0);
});

test('an attempt that another agent claimed is followed there, and starts nothing here', async () => {
  const run = await harness.launched(waiting);
  const claim = { agent: 'other', follow: 'agent/other', uid: run.ref().uid };
  await writeRecord(harness.store, keyOf.claim(run.run, 1), claim);
  expect(await run.submit()).toEqual({ follow: 'agent/other', agent: 'other' });
  expect(await harness.processes.backend.list(agent)).toEqual([]);
  expect(harness.gate.live).toBe(0);
});

test('of two agents that submit at once, one starts the attempt', async () => {
  const run = await harness.launched(waiting);
  const other = harness.workflow(run.workflowId, harness.agent({ agent: 'other' }));
  const answers = await Promise.all([run.submit(), other.submit()]);
  expect(answers[0]).toEqual(answers[1]);
  const listed = await Promise.all([agent, 'other'].map((name) => harness.processes.backend.list(name)));
  expect(listed.flat()).toHaveLength(1);
});

test('an attempt that was given up before it began never begins', async () => {
  const run = await harness.launched(waiting);
  await writeRecord(harness.store, keyOf.claim(run.run, 1), { tombstone: true });
  await expect(run.submit()).rejects.toEqual(failure('AttemptRefused', 'was given up'));
  expect(await harness.processes.backend.list(agent)).toEqual([]);
});

test.each([
  ['has a queue time-out', { timeouts: { queue: '1h' } }, {}, true],
  ['has a start time-out', { timeouts: { start: '1h' } }, {}, true],
  ['was submitted before', {}, { attempt: 2 }, true],
  ['has none of these', {}, {}, false],
])('the workflow of a run that %s hears at once that it starts: %#', async (_, spec, info, told) => {
  const heard: number[] = [];
  const activities = harness.agent({
    reached: (point) => {
      if (point === 'submit:before-claim') heard.push(harness.workflowState.observations.length);
      return Promise.resolve();
    },
  });
  const run = await harness.launched('exit 0', activities, spec);
  await run.submit({ attempt: 1 }, info);
  expect(heard).toEqual([told ? 1 : 0]);
  expect(harness.workflowState.observations).toEqual(
    told ? [{ attempt: 1, phase: 'starting', at: expect.any(String) as string }] : [],
  );
});
