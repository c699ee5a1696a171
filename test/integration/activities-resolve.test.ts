import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentActivities } from '../../contracts/activities.ts';
import { canonicalJson, sha256Hex } from '../../contracts/hash.ts';
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
    source: { code: { digest: harness.digest } },
    entrypoint: sh('exit 0'),
    args: ['--fast'],
    ...{ runConfig: { lr: 0.1 }, env: { A: 'b' }, resourceArgs: { env: { ROOM: '5' } }, tags: ['x'] },
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
  ['has wrong fields', { entrypoint: [], gpus: 2 }, ['entrypoint', 'gpus is 2']],
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
