import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SweepSummary } from '../../contracts/sweep-plan.ts';
import { keyOf } from '../../store/layout.ts';
import { failure, standalone, startActivity } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { entity, queue } from '../support/activity-workflow.ts';

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

const sweep = (more: object = {}, launch: object = {}): object => ({
  ...{ method: 'grid', parameters: { lr: { values: [0.1, 1] } } },
  ...more,
  launch: { ...harness.spec(), ...launch },
});

function resolve(input: unknown, workflowId = 'digits-1', taskQueue = `queue/${queue}/resolve`): Promise<SweepSummary> {
  const { resolveSweep } = harness.agent();
  const info = { namespace: entity, taskQueue, workflowExecution: { workflowId, runId: 'first' } };
  return startActivity(info, resolveSweep, input).result;
}

test('a good sweep is pinned and kept, with the bounds of its queue', async () => {
  await harness.writeQueue('backend: process\nscheduler: { num_workers: 16 }\n');
  const summary = { sweep: 'digits-1', numWorkers: 16, maxWorkers: 16, source: { code: { digest: harness.digest } } };
  const input = sweep();
  expect(await resolve(input)).toEqual(summary);
  expect(await harness.json(keyOf.sweepPlan('digits-1'))).toEqual({
    ...summary,
    ...{ workflowId: 'digits-1', entity, queue, spec: input },
    trialsDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
});

test.each([
  ['its own, within the bound', 'scheduler: { num_workers: 16 }', { numWorkers: 4 }, 4, 16],
  ["W&B's where nobody says", '', {}, 8, 1_000],
  ['its own where the queue has no bound', '', { numWorkers: 64 }, 64, 1_000],
])('the number of workers: %s', async (_, line, more, numWorkers, maxWorkers) => {
  await harness.writeQueue(`backend: process\n${line}\n`);
  expect(await resolve(sweep(more))).toMatchObject({ numWorkers, maxWorkers });
});

test('another cap, width or policy is the same sweep; other trials are another', async () => {
  const first = await resolve(sweep({ runCap: 1 }));
  expect(await resolve(sweep({ runCap: 2, numWorkers: 3, maxFailures: 0 }))).toEqual({ ...first, numWorkers: 3 });
  for (const other of [sweep({ seed: 1 }), sweep({}, { priority: 'low' }), sweep({ method: 'random' })])
    await expect(resolve(other)).rejects.toEqual(failure('RunIdTaken', 'with other trials'));
  expect(await resolve(sweep({ seed: 1 }), 'digits-2')).toMatchObject({ sweep: 'digits-2' });
});

test.each([
  ['wider than its queue', { numWorkers: 17 }, {}, 'numWorkers is 17: at most 16 on queue "gpu"'],
  ['of another queue', {}, { queue: 'cpu' }, 'queue is "cpu"'],
  ['beyond the bounds of its queue', {}, { gracePeriod: '2h' }, 'gracePeriod is 2h: at most'],
  ['whose code is not there', {}, { source: { code: { digest: 'a'.repeat(64) } } }, 'is not in file:'],
  ['of what is no list', { parameters: { lr: { distribution: 'normal' } } }, {}, 'parameters.lr is'],
])('a sweep %s is rejected, and nothing is kept', async (_, more, launch, sentence) => {
  await harness.writeQueue('backend: process\ngracePeriod: 1m\nscheduler: { num_workers: 16 }\n');
  await expect(resolve(sweep(more, launch))).rejects.toEqual(failure('LaunchRejected', sentence));
  expect(await harness.json(keyOf.sweepPlan('digits-1'))).toBeUndefined();
});

test.each([[undefined], [null], [7], [[]], [{}]])('the input %j is rejected', async (junk) => {
  await expect(resolve(junk)).rejects.toEqual(failure('LaunchRejected'));
});

test('without a workflow it is refused', async () => {
  const { resolveSweep } = harness.agent();
  const info = { namespace: entity, taskQueue: `queue/${queue}/resolve`, ...standalone };
  const { result } = startActivity(info, resolveSweep as (argument: unknown) => Promise<unknown>, sweep());
  await expect(result).rejects.toEqual(failure('AttemptRefused', 'started alone'));
});
