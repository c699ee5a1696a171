import { expect, test } from 'vitest';
import { formatIssues } from '../../contracts/issues.ts';
import { launchSpec, type LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { mergeLimits } from '../../contracts/merge.ts';
import { queueSpec, type QueueSpecInput } from '../../contracts/queue-spec.ts';

const merged = (spec: Partial<LaunchSpecInput>, queue: Partial<QueueSpecInput>) =>
  mergeLimits(
    launchSpec.parse({ queue: 'gpu', source: { code: {} }, entrypoint: ['true'], ...spec }),
    queueSpec.parse({ backend: 'process', ...queue }),
  );

test('a run that asks for nothing gets what its queue says', () => {
  const { limits, issues } = merged(
    {},
    { requeue: { max: 2, on: ['node-lost'] }, gracePeriod: '5m', timeouts: { queue: '7d', run: '1h' } },
  );
  expect(issues).toEqual([]);
  expect(limits).toMatchObject({
    requeue: { max: 2, on: ['node-lost'] },
    retries: 0,
    gracePeriodMs: 300_000,
    timeoutsMs: { queue: 604_800_000, run: 3_600_000 },
    maxRunTimeoutMs: 3_600_000,
  });
});

test('a run may ask for less, up to the bound itself', () => {
  const { limits, issues } = merged(
    { requeue: { max: 0, on: [] }, gracePeriod: '1m', timeouts: { run: '1h', start: '5m' }, retries: 3 },
    { timeouts: { run: '1h' } },
  );
  expect(issues).toEqual([]);
  expect(limits).toMatchObject({
    requeue: { max: 0, on: [] },
    retries: 3,
    gracePeriodMs: 60_000,
    timeoutsMs: { run: 3_600_000, start: 300_000 },
  });
});

test('everything beyond a bound is refused at once, with the bound and the queue', () => {
  const { issues } = merged(
    {
      requeue: { max: 3, on: ['PreemptionByScheduler', 'node-lost'] },
      gracePeriod: '61s',
      timeouts: { queue: '2h', start: '2h', run: '2h' },
    },
    { requeue: { max: 2 }, timeouts: { queue: '1h', start: '1h', run: '1h' } },
  );
  expect(formatIssues(issues).split('\n')).toEqual([
    'requeue.max is 3: at most 2 on queue "gpu"',
    'requeue.on is ["PreemptionByScheduler","node-lost"]: queue "gpu" requeues on EvictionByEvictionAPI, PreemptionByScheduler, TerminationByKubelet only',
    'gracePeriod is 61s: at most 1m on queue "gpu"',
    'timeouts.queue is 2h: at most 1h on queue "gpu"',
    'timeouts.start is 2h: at most 1h on queue "gpu"',
    'timeouts.run is 2h: at most 1h on queue "gpu"',
  ]);
});

test('a queue that requeues on nothing says so', () => {
  expect(formatIssues(merged({ requeue: { on: ['node-lost'] } }, { requeue: { on: [] } }).issues)).toContain(
    'requeues on nothing only',
  );
});
