import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJob, type JobSpecInput } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
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

function resolve(
  input: unknown,
  workflowId = 'digits-1',
  taskQueue = `queue/${queue}/resolve`,
  agent = harness.agent(),
): Promise<SweepSummary> {
  const { resolveSweep } = agent;
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

describe('a sweep over a job', () => {
  const inputs: JobSpecInput['inputs'] = {
    type: 'object',
    properties: { lr: { type: 'number', maximum: 1, required: true }, n: { type: 'integer', required: true } },
  };
  const create = (more: Partial<JobSpecInput> = {}) =>
    createJob(
      harness.store,
      { source: { code: { digest: harness.digest } }, entrypoint: ['true'], ...more },
      { name: 'train' },
    );
  const over = (job: string, launch: object = {}, more: object = {}) =>
    sweep(more, { source: { job }, entrypoint: [], ...launch });

  test('has one version for all of its trials, whatever is created meanwhile', async () => {
    await create();
    const { source } = await resolve(over('train'));
    expect(source).toEqual({
      job: { name: 'uncategorized/train:v0', digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    await create({ entrypoint: ['false'] });
    expect((await resolve(over('train'))).source).toEqual(source);
    const trial = harness.workflow('digits-1-0-abcdef');
    const spec = { ...harness.spec(), source, entrypoint: [], sweep: 'digits-1' } as LaunchSpecInput;
    expect(await trial.resolve(spec)).toMatchObject({ job: 'uncategorized/train:v0' });
    expect(await harness.json(keyOf.plan('digits-1-0-abcdef'))).toMatchObject({ entrypoint: ['true'] });
    const key = keyOf.jobVersion('uncategorized', 'train', 0);
    const record = (await harness.json(key)) as { job: object };
    await harness.store.put(
      key,
      Buffer.from(JSON.stringify({ ...record, job: { ...record.job, entrypoint: ['evil'] } })),
    );
    await expect(harness.workflow().resolve(spec)).rejects.toEqual(
      failure('LaunchRejected', 'uncategorized/train:v0 is another by now'),
    );
  });

  test('of an image has one digest for all of its trials', async () => {
    const pinned = `train:v3@sha256:${'b'.repeat(64)}`;
    const images = { pin: (name: string) => Promise.resolve(name.includes('@') ? name : pinned) };
    const runsImages = harness
      .needs()
      .backends.map((backend) => Object.assign(Object.create(backend), { sources: ['image'] }) as typeof backend);
    const agent = harness.agent({ images, backends: runsImages });
    await createJob(harness.store, { source: { image: 'train:v3' } }, { name: 'train' });
    const { source } = await resolve(over('train'), 'digits-1', undefined, agent);
    expect(source).toMatchObject({ job: { name: 'uncategorized/train:v0', image: pinned } });
    const trial = { queue, source, sweep: 'digits-1' } as LaunchSpecInput;
    await harness.workflow('trial', agent).resolve(trial);
    expect(await harness.json(keyOf.plan('trial'))).toMatchObject({ source: { image: pinned } });
    const { job } = source as { job: object };
    const other = { ...trial, source: { job: { ...job, image: 'evil:v3' } } } as LaunchSpecInput;
    await expect(harness.workflow('other', agent).resolve(other)).rejects.toEqual(
      failure('LaunchRejected', 'source.job.image is "evil:v3": uncategorized/train:v0 is one of train:v3'),
    );
  });

  test('has parameters that its inputs allow', async () => {
    await create({ inputs, runConfig: { lr: 0.5 } });
    const rejected = (launch: object, more: object, sentence: string) =>
      expect(resolve(over('train', launch, more))).rejects.toEqual(failure('LaunchRejected', sentence));
    await rejected({}, {}, 'runConfig.n is missing: a whole number');
    await rejected({ runConfig: { n: 1 } }, { parameters: { lr: { values: [1, 2] } } }, 'runConfig.lr is 2: a number');
    await rejected({ runConfig: { lr: 7 } }, { parameters: { n: { value: 1 } } }, 'runConfig.lr is 7');
    expect(await resolve(over('train', {}, { parameters: { n: { values: [1, 2] } } }))).toMatchObject({
      sweep: 'digits-1',
    });
  });

  test('is rejected where the job is not there', async () => {
    await expect(resolve(over('train'))).rejects.toEqual(
      failure('LaunchRejected', 'job uncategorized/train does not exist'),
    );
  });
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

test('on a queue that narrows them, parameters are checked as the sweep begins, and its trials have its source and name', async () => {
  await harness.writeQueue(`backend: process
overrides: closed
allow:
  /source/code: open
  /entrypoint: open
  /runConfig/lr: { minimum: 0, maximum: 0.5 }
`);
  await expect(resolve(sweep())).rejects.toEqual(failure('LaunchRejected', 'runConfig.lr is 1, allowed are 0 to 0.5'));
  await expect(resolve(sweep({ parameters: { x: { values: [1] } } }))).rejects.toEqual(
    failure('LaunchRejected', 'runConfig.x is 1, but runs of it may not set that'),
  );
  const small = sweep({ parameters: { lr: { values: [0.1] } } });
  await resolve(small);
  const trial = { ...harness.spec(), name: 'digits-0', sweep: 'digits-1', runConfig: { lr: 0.1 } };
  await harness.workflow('digits-1-0').resolve(trial);
  await expect(harness.workflow('other').resolve({ ...trial, sweep: 'digits-2' })).rejects.toEqual(
    failure('LaunchRejected', 'name is "digits-0", but runs of it may not set that'),
  );
  await expect(harness.workflow('more').resolve({ ...trial, runConfig: { lr: 1 } })).rejects.toEqual(
    failure('LaunchRejected', 'runConfig.lr is 1, allowed are 0 to 0.5'),
  );
});
