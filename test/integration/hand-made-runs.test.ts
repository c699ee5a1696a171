import { expect, test } from 'vitest';
import { statusQuery } from '../../contracts/messages.ts';
import { followOf, HandMade, ofType, pids, refused, value } from '../support/hand-made.ts';
import { until } from '../support/until.ts';

const quick = { gracePeriod: '2s' } as const;
const queues = {
  gpu: quick,
  short: { ...quick, timeouts: { run: '1s' } },
  one: quick,
  hasty: { ...quick, requeue: { on: ['agent-lost' as const] } },
};
const scene = new HandMade(queues, [
  ['one', ['gpu', 'short'], 20],
  ['two', ['gpu', 'short'], 20],
  ['busy', ['one'], 1],
]);

test.concurrent('attempts come one after the other, and none after the last', { timeout: 90_000 }, async () => {
  const attack = await scene.resolved('in-order', 'exec sleep 300');
  const follow = followOf(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 1 }]));
  const elsewhere = follow === 'agent/one' ? 'agent/two' : 'agent/one';
  await until('the job runs', () => pids('in-order').length > 0);
  expect(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 2 }])).toEqual(refused);
  for (const activity of ['awaitAttempt', 'stopAttempt', 'releaseAttempt']) {
    expect(await attack.call(activity, elsewhere, [{ attempt: 1, as: 'cancelled' }])).toEqual(refused);
  }
  expect(await attack.call('releaseAttempt', 'queue/gpu/io', [{ attempt: 1, as: 'lost' }])).toEqual(
    ofType('BackendUnavailable'),
  );
  expect(pids('in-order')).not.toEqual([]);
  value(await attack.call('releaseAttempt', follow, [{ attempt: 1, as: 'cancelled' }]));
  expect(pids('in-order')).toEqual([]);
  expect(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 2 }])).toEqual(refused);
  value(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 1 }]));
  expect(pids('in-order')).toEqual([]);
  await attack.leave();
});

test.concurrent('no other priority, and no other user in whose name to wait', { timeout: 60_000 }, async () => {
  const attack = await scene.resolved('pushy', 'exec sleep 300');
  for (const priority of [
    { priorityKey: 1 },
    { priorityKey: 4 },
    { fairnessKey: 'ada' },
    { priorityKey: 2, fairnessKey: 'x' },
  ]) {
    expect(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 1 }], { priority })).toEqual(refused);
  }
  expect(await scene.traces('pushy')).toEqual([]);
  await attack.leave();
});

test.concurrent(
  'no way around the queue: submit is for the task queue that waits for a permit',
  { timeout: 60_000 },
  async () => {
    const busy = await scene.cluster.shell('one', `until [ -e ${scene.note('free')} ]; do sleep 0.1; done`);
    await until(
      'it is full',
      async () =>
        (await scene.cluster.relaunch.temporal.workflow.getHandle(busy.workflowId).query(statusQuery)).state ===
        'running',
    );
    const attack = await scene.resolved('impatient', 'exec sleep 300', 'one');
    for (const on of ['agent/busy', 'queue/one/io', 'queue/one/resolve']) {
      expect([on, await attack.call('submitAttempt', on, [{ attempt: 1 }])]).toEqual([on, refused]);
    }
    expect(await scene.traces('impatient')).toEqual([]);
    await attack.leave();
  },
);

test.concurrent('a run whose workflow ignores its time-out is ended by the agent', { timeout: 120_000 }, async () => {
  const attack = await scene.resolved('overtime', 'exec sleep 300', 'short');
  const follow = followOf(await attack.call('submitAttempt', 'queue/short', [{ attempt: 1 }]));
  const awaiting = await attack.begin('awaitAttempt', follow, [{ attempt: 1 }], { timeoutMs: 100_000 });
  expect(value(await attack.ended(awaiting, 60_000))).toMatchObject({ outcome: { kind: 'timed-out', phase: 'run' } });
  expect(pids('overtime')).toEqual([]);
  await attack.leave();
});

test.concurrent('also where it does not even follow its job', { timeout: 120_000 }, async () => {
  const attack = await scene.resolved('unfollowed', 'exec sleep 300', 'short');
  value(await attack.call('submitAttempt', 'queue/short', [{ attempt: 1 }]));
  await until('the job runs', () => pids('unfollowed').length > 0);
  await until('the job is ended', () => pids('unfollowed').length === 0, 60_000);
  await attack.leave();
});

test.concurrent('a valid spec in the right order is an ordinary run', { timeout: 60_000 }, async () => {
  const attack = await scene.resolved('ordinary', 'echo hello');
  const follow = followOf(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 1 }]));
  expect(value(await attack.call('awaitAttempt', follow, [{ attempt: 1 }]))).toMatchObject({
    outcome: { kind: 'succeeded', exitCode: 0 },
  });
  expect(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 2 }])).toEqual(refused);
  await attack.leave();
});

test.concurrent('it gets the attempts of an ordinary run, and not one more', { timeout: 120_000 }, async () => {
  const attack = await scene.resolved(
    'insatiable',
    `echo $RELAUNCH_ATTEMPT >> ${scene.note('insatiable')}; exec sleep 300`,
  );
  const given = async (attempt: number): Promise<boolean> => {
    const answer = await attack.call('submitAttempt', 'queue/gpu', [{ attempt }]);
    if (!('value' in answer)) return false;
    const { follow } = answer.value as { follow: string };
    await until('it has begun', async () => (await scene.read('insatiable')).includes(`${String(attempt)}\n`));
    value(await attack.call('releaseAttempt', follow, [{ attempt, as: 'preempted', by: 'me' }]));
    return true;
  };
  let attempts = 0;
  while (await given(attempts + 1)) attempts++;
  expect(attempts).toBe(6);
  expect((await scene.read('insatiable')).trim().split('\n')).toEqual(['1', '2', '3', '4', '5', '6']);
  await attack.leave();
});

test.concurrent('under the id of a run that was terminated, nothing of it goes on', { timeout: 60_000 }, async () => {
  const { relaunch } = scene.cluster;
  const { workflowId, id } = await scene.cluster.shell('gpu', 'exit 3', { retries: 5 });
  const handle = relaunch.temporal.workflow.getHandle(workflowId);
  await until('it backs off', async () => (await handle.query(statusQuery)).state === 'preempted');
  await handle.terminate();
  const attack = await scene.attack(workflowId);
  const before = await scene.traces(id);
  const priority = { priorityKey: 3, fairnessKey: 'ada' };
  expect(await attack.call('submitAttempt', 'queue/gpu', [{ attempt: 3 }], { priority })).toEqual(refused);
  expect(await attack.call('releaseAttempt', 'queue/gpu/io', [{ attempt: 3, as: 'cancelled' }])).toEqual(refused);
  expect(await scene.traces(id)).toEqual(before);
  await attack.leave();
});

test.concurrent('an attempt called lost before it was claimed never begins', { timeout: 60_000 }, async () => {
  await scene.cluster.hookedAgent(
    'slow',
    ['hasty'],
    { at: 'submit:before-claim', do: 'hold' },
    { host: scene.host('slow') },
  );
  const attack = await scene.resolved('hasty', 'exec sleep 300', 'hasty');
  const first = await attack.begin('submitAttempt', 'queue/hasty', [{ attempt: 1 }]);
  await until('the first is about to be claimed', async () => (await scene.cluster.reached('slow')) === 1);
  value(await attack.call('releaseAttempt', 'queue/hasty/io', [{ attempt: 1, as: 'lost' }]));
  await scene.cluster.agent('quick', ['hasty'], 1, scene.host('quick'));
  value(await attack.call('submitAttempt', 'queue/hasty', [{ attempt: 2 }]));
  await until('the second runs', () => pids('hasty', 2).length > 0);
  await scene.cluster.letGo('slow');
  expect(await attack.ended(first)).toEqual(refused);
  expect(pids('hasty', 1)).toEqual([]);
  await attack.leave();
});
