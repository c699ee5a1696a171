import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJob, type JobNaming, type JobSpecInput } from '../../client/index.ts';
import type { AgentActivities } from '../../contracts/activities.ts';
import { canonicalJson, sha256Hex } from '../../contracts/hash.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { keyOf } from '../../store/layout.ts';
import { failure, standalone, startActivity } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { entity, queue } from '../support/activity-workflow.ts';
import { sh } from '../support/backend-harness.ts';

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

const bounded = `
backend: local-process
resourceArgs: { local-process: { env: { ROOM: '5' } } }
requeue: { max: 2, on: ['exit:7'] }
gracePeriod: 5s
timeouts: { queue: 1h, run: 2h }
agentTimeout: 90s
`;

test('a good spec becomes a complete plan in the store, and a small summary', async () => {
  await harness.writeQueue(bounded);
  const run = harness.workflow('train-1');
  const spec = harness.spec('exit 0', {
    ...{ name: 'train', project: 'vision', user: 'ada', args: ['--fast'], runConfig: { lr: 0.1 }, env: { A: 'b' } },
    ...{ priority: 'high', requeue: { max: 1 }, retries: 2, timeouts: { run: '30m' }, tags: ['x'] },
  });
  const summary = await run.resolve(spec);
  expect(summary).toEqual({
    ...{ run: 'train-1', name: 'train', project: 'vision', queue, backend: 'process' },
    ...{ requeue: { max: 1, on: ['exit:7'] }, retries: 2, gracePeriodMs: 5_000 },
    ...{ timeoutsMs: { queue: 3_600_000, run: 1_800_000 }, maxRunTimeoutMs: 7_200_000, agentTimeoutMs: 90_000 },
    ...{ priorityKey: 2, fairnessKey: 'ada' },
  });
  expect(await harness.json(keyOf.plan('train-1'))).toEqual({
    ...summary,
    ...{ workflowId: 'train-1', firstRunId: 'first', entity, user: 'ada' },
    specDigest: sha256Hex(canonicalJson(spec)),
    queueVersion: sha256Hex(bounded).slice(0, 12),
    source: { code: { digest: harness.digest } },
    entrypoint: sh('exit 0'),
    args: ['--fast'],
    ...{ runConfig: { lr: 0.1 }, env: { A: 'b' }, resourceArgs: { env: { ROOM: '5' } }, tags: ['x'] },
  });
});

test('a secret is named in the plan as its queue lets it be, and else refused, whoever submits', async () => {
  await harness.writeQueue('backend: process\nenv: {KEY: {secret: ours, as: env}}\nsecrets: [hf]\n');
  const run = harness.workflow('given');
  await run.resolve(harness.spec('exit 0', { env: { TOKEN: { secret: 'hf' } } }));
  expect(await harness.json(keyOf.plan('given'))).toMatchObject({
    env: {},
    secrets: { TOKEN: { secret: 'hf', as: 'file' }, KEY: { secret: 'ours', as: 'env' } },
  });
  const refused = (env: Record<string, unknown>) => harness.workflow().resolve({ ...harness.spec('exit 0'), env });
  await expect(refused({ A: { secret: 'ours' } })).rejects.toEqual(
    failure('LaunchRejected', `queue "${queue}" lets its runs name hf (secrets)`),
  );
  await expect(refused({ KEY: 'mine' })).rejects.toEqual(
    failure('LaunchRejected', `queue "${queue}" gives its runs a secret by that name`),
  );
  await expect(refused({ A: { secret: '../hf' } })).rejects.toEqual(failure('LaunchRejected', 'NAME or NAME/KEY'));
});

test("its queue's arguments say what the run is where W&B's macros stand, and nothing of the agent", async () => {
  const env = `{ DATA: '/data/\${project_name}/\${author}', RUN: '\${run_id} \${run_name}', HOME_OF: '\${HOME}', NAME: '{{who}}' }`;
  await harness.writeQueue(
    `backend: process\nresourceArgs: { process: { env: ${env} } }\nvariables: { who: { type: string } }\n`,
  );
  const run = harness.workflow('macros');
  await run.resolve(
    harness.spec('exit 0', { name: 'a/b', project: '../evil', user: 'ada', variables: { who: '${entity_name}' } }),
  );
  expect(await harness.json(keyOf.plan('macros'))).toMatchObject({
    resourceArgs: { env: { DATA: '/data/evil/ada', RUN: 'macros a-b', HOME_OF: '${HOME}', NAME: entity } },
  });
});

test('the same spec again gets the plan that holds, also after its queue has changed', async () => {
  const run = harness.workflow('again');
  const first = await run.resolve(harness.spec('exit 0', { gracePeriod: '9s' }));
  expect(await run.resolve(harness.spec('exit 0', { gracePeriod: '9s' }))).toEqual(first);
  await harness.writeQueue('backend: process\ngracePeriod: 1s\n');
  expect(await run.resolve(harness.spec('exit 0', { gracePeriod: '9s' }))).toEqual(first);
  await harness.store.remove(keyOf.queue(queue));
  expect(await run.resolve(harness.spec('exit 0', { gracePeriod: '9s' }))).toEqual(first);
});

test('a run id that was launched with another spec is taken', async () => {
  const run = harness.workflow('taken');
  await run.resolve(harness.spec('exit 0'));
  await expect(run.resolve(harness.spec('exit 1'))).rejects.toEqual(failure('RunIdTaken', 'taken'));
});

/** Temporal knows the workflow that calls, as one of this chain, and besides it the first one, or not. */
function knows(calling: string, first: boolean): void {
  harness.workflowState.known = (runId) => {
    if (runId === 'first') return first ? { open: false, firstRunId: 'first' } : undefined;
    return { open: true, firstRunId: calling };
  };
}

const second = { workflowExecution: { workflowId: 'again', runId: 'second' } };

test('the same workflow after a reset gets its plan', async () => {
  const run = harness.workflow('again');
  const summary = await run.resolve(harness.spec());
  knows('first', true);
  expect(await run.resolve(harness.spec(), second)).toEqual(summary);
});

test.each([
  ['is believed without asking', 'first', 'first', 0],
  ['of a later execution is asked for', 'first', 'second', 1],
  ['of another execution is asked for', 'elsewhere', 'first', 1],
  ['that is none is asked for', { $ne: 1 }, 'first', 1],
])('the first run id that a workflow says %s', async (_, said, runId, asked) => {
  let asks = 0;
  harness.workflowState.known = () => {
    asks++;
    return { open: true, firstRunId: 'first' };
  };
  const { resolveLaunch } = harness.agent();
  const { result } = startActivity(
    { namespace: entity, taskQueue: `queue/${queue}/resolve`, workflowExecution: { workflowId: 'says', runId } },
    (spec: unknown) => resolveLaunch(spec, said as string),
    harness.spec(),
  );
  await result;
  expect(await harness.json(keyOf.plan('says'))).toMatchObject({ firstRunId: 'first' });
  expect(asks).toBe(asked);
});

test('a later workflow of the same id is refused, also when the first has expired in Temporal', async () => {
  const run = harness.workflow('again');
  await run.resolve(harness.spec());
  knows('second', true);
  await expect(run.resolve(harness.spec(), second)).rejects.toEqual(failure('RunIdTaken', 'an earlier workflow'));
  knows('second', false);
  const expired = harness.workflow('again', harness.agent({ retentionMs: 0 }));
  await expect(expired.resolve(harness.spec(), second)).rejects.toEqual(failure('RunIdTaken', 'an earlier workflow'));
});

test('where the earlier workflow was deleted, its id is free, and nothing of it is left', async () => {
  const run = harness.workflow('again');
  await run.resolve(harness.spec('exit 1'));
  await harness.store.put(keyOf.end('again', 1), Buffer.from('the end of the old one'));
  knows('second', false);
  await run.resolve(harness.spec('exit 0'), second);
  expect(await harness.store.list(keyOf.run('again'))).toEqual([keyOf.plan('again')]);
  expect(await harness.json(keyOf.plan('again'))).toMatchObject({ firstRunId: 'second', entrypoint: sh('exit 0') });
});

test.each([
  ['is for another queue', { queue: 'cpu' }, ['queue is "cpu"', 'queue/gpu']],
  ['was not packed by the client', { source: { code: { dir: '.' } } }, ['source.code.digest is missing']],
  [
    'names code that is not in the store',
    { source: { code: { digest: 'a'.repeat(64) } } },
    [keyOf.code('a'.repeat(64))],
  ],
  ['has wrong fields', { entrypoint: [''], gpus: 2 }, ['entrypoint', 'gpus is 2']],
  ['says not what is run', { entrypoint: [] }, ['entrypoint is []: a command and its arguments']],
  [
    'asks for more than its queue allows',
    { requeue: { max: 3, on: ['node-lost'] }, gracePeriod: '6s', timeouts: { queue: '2h', run: '3h' } },
    ['requeue.max is 3', 'requeue.on is', 'gracePeriod is', 'timeouts.queue is', 'timeouts.run is'],
  ],
])('a spec that %s is rejected with every reason', async (_, wrong, reasons) => {
  await harness.writeQueue(bounded);
  const run = harness.workflow('wrong');
  const rejection = run.resolve({ ...harness.spec(), ...wrong });
  for (const reason of reasons) await expect(rejection).rejects.toEqual(failure('LaunchRejected', reason));
  expect(await harness.json(keyOf.plan('wrong'))).toBeUndefined();
});

describe('a launch of a job', () => {
  const train = { project: 'vision', name: 'train' };
  const create = (script: string, more: Partial<JobSpecInput> = {}, naming: JobNaming = {}) =>
    createJob(
      harness.store,
      { source: { code: { digest: harness.digest } }, entrypoint: sh(script), ...more },
      { ...train, ...naming },
    );
  const launch = (job: string, more: Partial<LaunchSpecInput> = {}): LaunchSpecInput => ({
    ...{ queue, project: 'vision', source: { job } },
    ...more,
  });

  test('is one of the version that its alias leads to, and stays so when the alias moves', async () => {
    await create('exit 0', { runConfig: { lr: 0.1, optim: { name: 'adam', beta: 0.9 } } }, { aliases: ['prod'] });
    const run = harness.workflow('of-a-job');
    const spec = launch('train:prod', { runConfig: { optim: { name: 'sgd' } }, args: ['--fast'] });
    const summary = await run.resolve(spec);
    expect(summary).toMatchObject({ name: 'train', job: 'vision/train:v0' });
    await create('exit 1', {}, { aliases: ['prod'] });
    expect(await run.resolve(spec)).toEqual(summary);
    expect(await harness.json(keyOf.plan('of-a-job'))).toMatchObject({
      ...{ job: 'vision/train:v0', source: { code: { digest: harness.digest } } },
      ...{ entrypoint: sh('exit 0'), args: ['--fast'] },
      runConfig: { lr: 0.1, optim: { name: 'sgd', beta: 0.9 } },
    });
    expect(await harness.workflow().resolve(launch('train:prod'))).toMatchObject({ job: 'vision/train:v1' });
    expect(await harness.workflow().resolve(launch('vision/train:v0', { project: 'other' }))).toMatchObject({
      ...{ job: 'vision/train:v0', project: 'other' },
    });
  });

  test('is called as it says itself', async () => {
    await create('exit 0');
    expect(await harness.workflow().resolve(launch('train', { name: 'mine' }))).toMatchObject({ name: 'mine' });
  });

  test.each([
    ['is not there', 'trian', {}, {}, ['job vision/trian does not exist', 'project vision has: train']],
    ['has no such version', 'train:v9', {}, {}, ['job vision/train:v9 does not exist']],
    ['is of code that is gone', 'train', { source: { code: { digest: 'a'.repeat(64) } } }, {}, ['is not in file:']],
    [
      'is of what its backend does not run',
      'train',
      { source: { image: 'x' }, entrypoint: [] },
      {},
      ['source.image is "x"'],
    ],
    [
      'has other inputs',
      'train',
      {},
      { runConfig: { lr: 'x', n: 1.5 } },
      ['runConfig.lr is "x"', 'runConfig.n is 1.5'],
    ],
    ['wants an input', 'train', {}, {}, ['runConfig.lr is missing: a number']],
    ['asks besides for too much', 'train', {}, { gracePeriod: '60s' }, ['runConfig.lr is missing', 'gracePeriod is']],
  ])('that %s is rejected with every reason', async (_, job, made, asked, reasons) => {
    await harness.writeQueue(bounded);
    const inputs: JobSpecInput['inputs'] = {
      type: 'object',
      properties: { lr: { type: 'number', required: true }, n: { type: 'integer' } },
    };
    await create('exit 0', { ...(reasons[0]?.startsWith('runConfig') === true ? { inputs } : {}), ...made });
    const rejection = harness.workflow('wrong').resolve(launch(job, asked));
    for (const reason of reasons) await expect(rejection).rejects.toEqual(failure('LaunchRejected', reason));
    expect(await harness.json(keyOf.plan('wrong'))).toBeUndefined();
  });

  test('takes inputs from its queue too, and is checked with them', async () => {
    const lr = { type: 'number', required: true, maximum: 1 } as const;
    await create('exit 0', { inputs: { type: 'object', properties: { lr } } });
    const onQueue = async (runConfig: string) => {
      await harness.writeQueue(`${bounded}defaults: { runConfig: ${runConfig} }\n`);
      return harness.workflow().resolve(launch('train'));
    };
    await expect(onQueue('{}')).rejects.toEqual(failure('LaunchRejected', 'runConfig.lr is missing'));
    await expect(onQueue('{ lr: 5 }')).rejects.toEqual(failure('LaunchRejected', 'runConfig.lr is 5: a number'));
    expect(await onQueue('{ lr: 0.5 }')).toMatchObject({ job: 'vision/train:v0' });
  });

  test.each([
    ['nothing of a job', '{"job": 7}', /train:v0 .*v0\.json\) is no job: job is 7/],
    ["an environment of the agent's", '{"job": {"env": {"PATH": "/evil"}}}', /job\.env is .*: not a known field/],
  ])('whose version was made by hand, as %s, is rejected', async (_, content, sentence) => {
    await harness.store.put(keyOf.jobVersion('vision', 'train', 0), Buffer.from(content));
    const rejection = harness.workflow().resolve(launch('train'));
    await expect(rejection).rejects.toMatchObject({ type: 'LaunchRejected', message: sentence });
  });
});

test('a queue that does not exist is rejected with those that do', async () => {
  await harness.writeQueue(bounded, 'cpu');
  const wrong = harness.workflow().resolve({ ...harness.spec(), queue: 'tpu' }, { taskQueue: 'queue/tpu/resolve' });
  await expect(wrong).rejects.toEqual(failure('LaunchRejected', '"tpu" does not exist'));
  await expect(wrong).rejects.toEqual(failure('LaunchRejected', 'cpu, gpu'));
});

test('a queue for a backend that the agent does not have is rejected', async () => {
  await harness.writeQueue('backend: kubernetes\n');
  await expect(harness.workflow().resolve(harness.spec())).rejects.toEqual(failure('LaunchRejected', '"kubernetes"'));
});

test.each([[undefined], [null], [7], ['{}'], [[]]])('the input %j is rejected', async (junk) => {
  await expect(harness.workflow().resolve(junk)).rejects.toEqual(failure('LaunchRejected'));
});

test.each<keyof AgentActivities>([
  ...(['resolveLaunch', 'submitAttempt', 'awaitAttempt', 'stopAttempt', 'releaseAttempt'] as const),
])('%s that no workflow calls is refused', async (name) => {
  const activity = harness.agent()[name] as (argument: unknown) => Promise<unknown>;
  const argument = name === 'resolveLaunch' ? harness.spec() : { attempt: 1, as: 'cancelled' };
  const { result } = startActivity(
    { namespace: entity, taskQueue: `queue/${queue}`, ...standalone },
    activity,
    argument,
  );
  await expect(result).rejects.toEqual(failure('AttemptRefused', 'started alone'));
});
