import { writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { result, type Run } from '../../client/index.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { keyOf } from '../../store/layout.ts';
import { HandMade, ofType, refused } from '../support/hand-made.ts';
import { isRunning } from '../support/process-pids.ts';
import { until } from '../support/until.ts';

const quick = { gracePeriod: '2s' } as const;
/** Nothing but its code is a submitter's. */
const closed: Partial<QueueSpecInput> = {
  ...quick,
  overrides: 'closed',
  allow: { '/source': 'open' },
  defaults: { entrypoint: ['true'] },
};
const scene = new HandMade({ gpu: quick, short: quick, fragile: quick, closed }, [
  ['one', ['gpu', 'short', 'closed'], 20],
  ['fragile', ['fragile'], 1],
]);

/** Every task queue that an agent of the queue polls. */
const everywhere = ['queue/gpu', 'queue/gpu/resolve', 'queue/gpu/io', 'agent/one', 'agent/two'];

/** A run of somebody else, live all the while. */
let victim: Run;
let victimPid: number;

beforeAll(async () => {
  const { cluster } = scene;
  victim = await cluster.shell(
    'gpu',
    `echo $$ > ${scene.note('victim')}; until [ -e ${scene.note('free')} ]; do sleep 0.1; done`,
  );
  victimPid = Number(await until('the victim runs', async () => (await scene.read('victim')) || undefined));
  // Only now: the victim is the first one's.
  await cluster.agent('two', ['gpu', 'short'], 20, scene.host('two'));
}, 60_000);

/** No attempt's number. */
const junk = [
  [],
  [null],
  [1],
  ['1'],
  [[{ attempt: 1 }]],
  ...[0, -1, 1.5, 999, 1e300, '1', null, [1], { valueOf: 1 }, '__proto__'].map((attempt) => [{ attempt, as: 'lost' }]),
  [JSON.parse('{"__proto__":{"attempt":1}}') as object],
];

test.concurrent(
  'without a plan nothing is started, stopped or released, wherever it is asked for',
  { timeout: 90_000 },
  async () => {
    const attack = await scene.attack('no-plan');
    const names = ['submitAttempt', 'awaitAttempt', 'stopAttempt', 'releaseAttempt'];
    const calls = everywhere.flatMap((on) => names.map((name) => attack.begin(name, on, [{ attempt: 1, as: 'lost' }])));
    for (const call of await Promise.all(calls)) expect(await attack.ended(call)).toEqual(refused);
    expect(await scene.traces('no-plan')).toEqual([]);
    await attack.leave();
  },
);

test.concurrent('invented arguments are refused', { timeout: 90_000 }, async () => {
  const attack = await scene.resolved('invented', 'exec sleep 300');
  const wishes = [...junk, [{ attempt: 1 }], [{ attempt: 1, as: 'succeeded' }]];
  const calls = [
    ...junk.map((args) => attack.begin('submitAttempt', 'queue/gpu', args)),
    ...junk.map((args) => attack.begin('awaitAttempt', 'agent/one', args)),
    ...wishes.map((args) => attack.begin('stopAttempt', 'agent/one', args)),
    ...wishes.map((args) => attack.begin('releaseAttempt', 'queue/gpu/io', args)),
  ];
  for (const call of await Promise.all(calls)) expect([call, await attack.ended(call)]).toEqual([call, refused]);
  expect(await scene.traces('invented')).toEqual([]);
  await attack.leave();
});

test.concurrent('a spec that is none is rejected', async () => {
  const attack = await scene.attack('bad-spec');
  for (const args of [[], [null], ['x'], [{}], [scene.spec('true', { queue: 'short' })]]) {
    expect(await attack.call('resolveLaunch', 'queue/gpu/resolve', args)).toEqual(ofType('LaunchRejected'));
  }
  for (const args of [[], [null], ['x'], [{}], [scene.spec('true')]]) {
    expect(await attack.call('resolveSweep', 'queue/gpu/resolve', args)).toEqual(ofType('LaunchRejected'));
  }
  for (const on of ['agent/one', 'queue/short/resolve']) {
    expect(await attack.call('resolveLaunch', on, [scene.spec('true')])).toEqual(ofType('LaunchRejected'));
  }
  await attack.leave();
});

test.concurrent(
  'what a queue keeps closed is refused to own workflows and in jobs put into the store, and nothing starts',
  async () => {
    const attack = await scene.attack('closed');
    const sentence = (field: string) =>
      expect.objectContaining({
        type: 'LaunchRejected',
        message: expect.stringMatching(
          new RegExp(`queue "closed": ${field} is .*, but runs of it may not set that \\(queues/closed\\.yaml\\)`),
        ) as string,
      }) as unknown;
    const { source, ...rest } = scene.spec('true', { queue: 'closed' }) as { source: object };
    expect(await attack.call('resolveLaunch', 'queue/closed/resolve', [{ source, ...rest }])).toEqual(
      sentence('entrypoint'),
    );
    const { store } = scene.cluster.relaunch;
    const job = { job: { source, entrypoint: ['sh'] }, createdAt: new Date(0).toISOString() };
    await store.put('jobs/p/evil/v0.json', Buffer.from(JSON.stringify(job)));
    const ofJob = { queue: 'closed', source: { job: 'p/evil:v0' } };
    expect(await attack.call('resolveLaunch', 'queue/closed/resolve', [ofJob])).toEqual(sentence('entrypoint'));
    const sweep = { method: 'grid', parameters: { lr: { values: [1] } }, launch: { queue: 'closed', source } };
    expect(await attack.call('resolveSweep', 'queue/closed/resolve', [sweep])).toEqual(sentence('runConfig'));
    expect(await attack.call('submitAttempt', 'queue/closed', [{ attempt: 1 }])).toEqual(refused);
    expect(await scene.traces('closed')).toEqual([]);
    expect(await store.has(keyOf.plan('closed'))).toBe(false);
    await attack.leave();
  },
);

test.concurrent('a refusal that quotes half a character does not end the agent', { timeout: 60_000 }, async () => {
  const attack = await scene.attack('half');
  const half = scene.spec('true', { queue: 'fragile', '\ud800': 1 });
  expect(await attack.call('resolveLaunch', 'queue/fragile/resolve', [half])).toEqual(ofType('LaunchRejected'));
  const after = await scene.cluster.shell('fragile', 'true');
  expect((await result(scene.cluster.relaunch, after.workflowId)).state).toBe('succeeded');
  await attack.leave();
});

test.concurrent("another run's names in the arguments reach nothing of it", { timeout: 90_000 }, async () => {
  const { store } = scene.cluster.relaunch;
  const names = { attempt: 1, as: 'cancelled', run: victim.id, workflowId: victim.workflowId, uid: 'x' };
  const claimed = await store.get(keyOf.claim(victim.id, 1));
  const attack = await scene.resolved('envious', 'true');
  for (const activity of ['awaitAttempt', 'stopAttempt', 'releaseAttempt']) {
    for (const on of ['agent/one', 'agent/two', ...(activity === 'releaseAttempt' ? [] : ['queue/gpu/io'])]) {
      expect(await attack.call(activity, on, [names])).toEqual(refused);
    }
  }
  await expect(scene.attack(victim.workflowId)).rejects.toThrow(/already started/i);
  await attack.begin('cancelOwnWorkflow', 'relaunch', [names]);
  await expect(attack.handle.result()).rejects.toThrow(/cancel/i);
  expect((await attack.handle.describe()).status.name).toBe('CANCELLED');
  expect(await store.get(keyOf.claim(victim.id, 1))).toEqual(claimed);
  expect((await store.list(keyOf.attempts(victim.id))).filter((key) => /asked|1\.json$/.test(key))).toEqual([]);
  expect(isRunning(victimPid)).toBe(true);
});

test.concurrent('an activity that was started without a workflow does nothing', { timeout: 60_000 }, async () => {
  const { activity } = scene.cluster.relaunch.temporal;
  for (const [name, on] of [
    ['resolveLaunch', 'queue/gpu/resolve'],
    ['resolveSweep', 'queue/gpu/resolve'],
    ['submitAttempt', 'queue/gpu'],
    ['awaitAttempt', 'agent/one'],
    ['stopAttempt', 'agent/one'],
    ['releaseAttempt', 'queue/gpu/io'],
    ['cancelOwnWorkflow', 'relaunch'],
  ] as const) {
    const id = `alone-${name}`;
    const args = [name.startsWith('resolve') ? scene.spec('true') : { attempt: 1, as: 'lost' }];
    const executed = activity.execute(name, {
      id,
      taskQueue: on,
      args,
      startToCloseTimeout: '20s',
      retry: { maximumAttempts: 1 },
    });
    await expect(executed).rejects.toMatchObject({ cause: { type: 'AttemptRefused' } });
  }
  expect(await scene.traces('alone-submitAttempt')).toEqual([]);
});

test('all the while the other run went on, and the agents live', { timeout: 60_000 }, async () => {
  expect(isRunning(victimPid)).toBe(true);
  await writeFile(scene.note('free'), '');
  expect(await result(scene.cluster.relaunch, victim.workflowId)).toMatchObject({
    state: 'succeeded',
    requeues: 0,
    attempts: [{ attempt: 1, agent: 'one', outcome: { exitCode: 0 } }],
  });
  expect(Number(await scene.read('victim'))).toBe(victimPid);
});
