import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  cancel,
  connect,
  readSettings,
  result,
  show,
  submit,
  submitSweep,
  sweepResult,
  trafficOf,
  type Relaunch,
} from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { Cluster } from '../support/cluster.ts';
import { untilFollowed } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

const keys = Object.fromEntries(['k1', 'k2', 'k3'].map((id) => [id, `${id}:${randomBytes(32).toString('base64')}`]));
const canary = 'canary-of-a-secret';

let cluster: Cluster;
const clients: Relaunch[] = [];

async function keyFile(...ids: string[]): Promise<string> {
  const file = join(cluster.home, `keys-${ids.join('-')}`);
  await writeFile(file, ids.map((id) => keys[id]).join('\n'), { mode: 0o600 });
  return file;
}

/** A client with these keys. */
async function clientOf(...ids: string[]): Promise<Relaunch> {
  const client = await connect(readSettings({ ...cluster.env, RELAUNCH_CODEC_KEY_FILE: await keyFile(...ids) }));
  clients.push(client);
  return client;
}

beforeAll(async () => {
  cluster = await Cluster.start(
    { laptop: { gracePeriod: '2s' }, brittle: { breaker: { failures: 1 } }, other: {} },
    { control: false },
  );
  cluster.env['RELAUNCH_CODEC_KEY_FILE'] = await keyFile('k1', 'k2');
  await Promise.all([cluster.controlCommand(), cluster.agent('one', ['laptop', 'brittle'], 8)]);
}, 120_000);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await cluster.stop();
});

const spec = (script: string, more: Partial<LaunchSpecInput> = {}): LaunchSpecInput => ({
  queue: 'laptop',
  name: 'quiet',
  source: { code: { dir: join(cluster.home, 'code') } },
  entrypoint: ['sh', '-c', script],
  user: 'ada',
  ...more,
});

/** Every byte that the server has kept, in its database and of these workflows. */
async function kept(...workflowIds: string[]): Promise<string> {
  const files = (await readdir(cluster.home)).filter((name) => name.startsWith('temporal.db'));
  const database = await Promise.all(files.map((name) => readFile(join(cluster.home, name), 'latin1')));
  const histories = await Promise.all(
    workflowIds.map(async (id) => {
      const history = await cluster.relaunch.temporal.workflow.getHandle(id).fetchHistory();
      return Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish()).toString('latin1');
    }),
  );
  return [...database, ...histories].join('\n');
}

/** All payloads of a history, read by a client. */
async function readBy({ settings }: Relaunch, workflowId: string): Promise<string> {
  const history = await cluster.relaunch.temporal.workflow.getHandle(workflowId).fetchHistory();
  const payloads: proto.temporal.api.common.v1.IPayload[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
    if ('metadata' in value && 'data' in value) payloads.push(value as proto.temporal.api.common.v1.IPayload);
    else for (const inner of Object.values(value)) walk(inner);
  };
  walk(history);
  const read = (await settings.temporal.codec?.decode(payloads)) ?? [];
  return read.map(({ data }) => Buffer.from(data ?? '').toString()).join('\n');
}

test.concurrent(
  'a run, a sweep, a failure and a cancel leave no word of theirs in Temporal, and who has the key reads all',
  async () => {
    const secret = await clientOf('k1', 'k2');
    const [fails, cancelled, sweep] = await Promise.all([
      submit(
        secret,
        spec(`echo ${canary} >&2; exit 7`, { queue: 'brittle', runConfig: { note: canary }, env: { TOKEN: canary } }),
      ),
      submit(secret, spec('sleep 60', { env: { TOKEN: canary } })),
      submitSweep(secret, {
        name: 'quiet',
        method: 'grid',
        parameters: { n: { values: [canary, 'b'] } },
        launch: spec(`echo '{"loss": 1}'`),
      }),
    ]);
    await untilFollowed({ relaunch: secret }, cancelled.workflowId);
    await cancel(secret, cancelled.workflowId, { by: 'ada', reason: canary });
    const ends = await Promise.all([result(secret, fails.workflowId), result(secret, cancelled.workflowId)]);
    expect(ends).toMatchObject([
      { state: 'failed', failure: { type: 'JobFailed', message: expect.stringContaining('7') as string } },
      { state: 'cancelled', attempts: [{ outcome: { kind: 'cancelled', reason: canary } }] },
    ]);
    expect(await sweepResult(secret, sweep.id)).toMatchObject({ state: 'succeeded' });

    const paused = async (): Promise<string | undefined> => (await trafficOf(secret, 'brittle')).paused?.reason;
    await until('the queue is paused', async () => (await paused()) !== undefined);
    expect(await paused()).toBe(`1 failures in a row, the last of run ${fails.id}`);

    // What is written without a key is kept as it is, and found: so would the rest be.
    const loud = await cluster.shell('laptop', 'exit 7', { env: { TOKEN: 'canary-in-the-clear' } });
    expect(await result(secret, loud.workflowId)).toMatchObject({ state: 'failed' });
    const ids = [fails.workflowId, cancelled.workflowId, sweep.id, loud.workflowId];
    const found = await kept(...ids);
    expect(found.match(/canary-in-the-clear/g)?.length).toBeGreaterThanOrEqual(2);
    expect(found).not.toContain(canary);
    expect(found).not.toContain('exit code 7');
    for (const id of ids.slice(0, 3)) expect(await readBy(secret, id)).toContain(canary);
    expect(await readBy(secret, fails.workflowId)).toContain('exit code 7');
  },
);

test.concurrent('a client without the key is told so in one sentence', async () => {
  const secret = await clientOf('k1');
  const { workflowId } = await submit(secret, spec('true'));
  await result(secret, workflowId);
  const sentence = /^what Temporal keeps of this is encrypted with key "k1", which is not there: .*docs\/access\.md/;
  for (const ask of [show, result]) await expect(ask(cluster.relaunch, workflowId)).rejects.toThrow(sentence);
  await expect(show(await clientOf('k2'), workflowId)).rejects.toThrow(/the keys are those of .*keys-k2/);
});

test.concurrent('keys rotate while some write with the old one and some with the new one', async () => {
  const [old, next] = await Promise.all([clientOf('k1'), clientOf('k2', 'k1')]);
  const [before, after] = await Promise.all([submit(old, spec('true')), submit(next, spec('true'))]);
  for (const { workflowId } of [before, after])
    expect(await result(next, workflowId)).toMatchObject({ state: 'succeeded' });
  expect(await show(next, before.workflowId)).toMatchObject({ name: 'quiet' });
});

test.concurrent('what nobody can decrypt wedges no run: an input is refused, a signal passed over', async () => {
  const [secret, stranger] = await Promise.all([clientOf('k1'), clientOf('k3')]);
  const [refused, going] = await Promise.all([submit(stranger, spec('true')), submit(secret, spec('sleep 60'))]);
  expect(await result(secret, refused.workflowId)).toMatchObject({
    state: 'failed',
    failure: {
      type: 'LaunchRejected',
      message: expect.stringMatching(/^the input cannot be read: .* key "k3", and/) as string,
    },
  });
  await untilFollowed({ relaunch: secret }, going.workflowId);
  const handle = stranger.temporal.workflow.getHandle(going.workflowId);
  await handle.signal('observed', { attempt: 1 });
  await handle.signal('cancel', { by: 'eve' });
  expect(await result(secret, going.workflowId)).toMatchObject({ state: 'cancelled' });
});

test.concurrent('a run waits while its only agent has no key, and says so', async () => {
  const secret = await clientOf('k1');
  const key = cluster.env['RELAUNCH_CODEC_KEY_FILE'] ?? '';
  delete cluster.env['RELAUNCH_CODEC_KEY_FILE'];
  const blind = await cluster.agent('blind', ['other'], 1);
  cluster.env['RELAUNCH_CODEC_KEY_FILE'] = key;
  const { workflowId } = await submit(secret, spec('true', { queue: 'other' }));
  const told = async (): Promise<boolean> => {
    const { troubles } = await show(secret, workflowId);
    return troubles[0]?.message.includes('encrypted with key "k1", which is not there') === true;
  };
  await until('the agent says that it has no key', told);
  blind.child.kill('SIGTERM');
  await Promise.all([blind.exited, cluster.agent('two', ['other'], 1)]);
  expect(await result(secret, workflowId)).toMatchObject({ state: 'succeeded' });
});
