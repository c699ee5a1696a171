import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AttemptEnd } from '../../contracts/activities.ts';
import { keyOf } from '../../store/layout.ts';
import { writeRecord } from '../../store/records.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { agent, type Launched } from '../support/activity-workflow.ts';

const at = new Date().toISOString();
const follow = `agent/${agent}`;

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

async function refuses(run: Launched, attempt: unknown, message: string, info = {}): Promise<void> {
  await expect(run.submit(attempt, info)).rejects.toEqual(failure('AttemptRefused', message));
  expect(await harness.processes.backend.list(agent)).toEqual([]);
  expect(await harness.store.list(`runs/${run.run}/attempts/`)).not.toContain(keyOf.claim(run.run, 1));
  expect(harness.gate.live).toBe(0);
}

const record = (run: Launched, attempt: number, outcome: AttemptEnd['outcome']): Promise<void> =>
  writeRecord(harness.store, keyOf.end(run.run, attempt), { outcome, summary: {} } satisfies AttemptEnd);

const preempted = { kind: 'preempted', reason: 'requested', by: 'ada', at } as const;

test('a second attempt without a recorded end of the first is refused', async () => {
  await refuses(await harness.launched('exit 0'), { attempt: 2 }, 'attempt 1 has no recorded end');
});

test.each<AttemptEnd['outcome']>([
  { kind: 'succeeded', at },
  { kind: 'failed', cause: 'exit-code', exitCode: 1, at },
  { kind: 'cancelled', at },
  { kind: 'timed-out', phase: 'run', at },
  { kind: 'lost', reason: 'vanished', at },
])('a second attempt after $kind is refused', async (outcome) => {
  const run = await harness.launched('exit 0');
  await record(run, 1, outcome);
  await refuses(run, { attempt: 2 }, 'attempt 1 was its last');
});

test('more attempts than the plan allows are refused, whatever is recorded', async () => {
  const run = await harness.launched('exit 0', undefined, { requeue: { max: 1 } });
  for (let attempt = 1; attempt <= 2; attempt++) await record(run, attempt, preempted);
  await refuses(run, { attempt: 3 }, 'attempt 2 was its last');
  await refuses(run, { attempt: 1_000 }, 'has at most 5');
});

test.each([[null], [1], ['1'], [{}], [{ attempt: 0 }], [{ attempt: -1 }], [{ attempt: 1.5 }], [{ attempt: '1' }]])(
  'the argument %j is refused',
  async (junk) => {
    await refuses(await harness.launched('exit 0'), junk, '');
  },
);

test('a run without a plan is refused', async () => {
  await refuses(harness.workflow(), { attempt: 1 }, 'has no plan');
});

test('a run whose plan belongs to another workflow id is refused', async () => {
  const run = await harness.launched('exit 0');
  const plan = (await harness.json(keyOf.plan(run.run))) as object;
  await writeRecord(harness.store, keyOf.plan(run.run), { ...plan, workflowId: 'another' });
  await refuses(run, { attempt: 1 }, 'has no plan');
});

test.each([
  ['another priority', { priority: { priorityKey: 1, fairnessKey: 'ada' } }],
  ['no priority', {}],
  ['another fairness key', { priority: { priorityKey: 2, fairnessKey: 'bob' } }],
  ['a weight of its own', { priority: { priorityKey: 2, fairnessKey: 'ada', fairnessWeight: 100 } }],
  ['no fairness key', { priority: { priorityKey: 2 } }],
])('a run that waits with %s is refused', async (_, info) => {
  const run = await harness.launched('exit 0', undefined, { user: 'ada', priority: 'high' });
  await refuses(run, { attempt: 1 }, 'another priority, fairness key or weight', info);
  expect(await run.submit({ attempt: 1 }, { priority: { priorityKey: 2, fairnessKey: 'ada' } })).toEqual({
    follow,
    agent,
  });
});

test("a run that waits in another queue's task queue is refused", async () => {
  await refuses(await harness.launched('exit 0'), { attempt: 1 }, 'not "cpu"', { taskQueue: 'queue/cpu' });
});
