import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueue, preempt, result, show } from '../../client/index.ts';
import { openStore } from '../../store/open-store.ts';
import { Cluster, type Started } from '../support/cluster.ts';
import { byPolicies } from '../support/s3-policy.ts';
import { s3Proxy, type S3Proxy, type S3Request } from '../support/s3-proxy.ts';
import { s3Env, startS3, type S3Server } from '../support/s3-server.ts';
import { linesOf } from '../support/run-watch.ts';

const storeUrl = 's3://relaunch/team';
const denied: S3Request[] = [];
const credentials = join(await mkdtemp(join(tmpdir(), 'relaunch-s3-')), 'credentials');

let server: S3Server;
let proxy: S3Proxy;
let cluster: Cluster;
let agent: Started;

const envOf = (role: 'ADMIN' | 'CLIENT' | 'AGENT') => ({ ...s3Env(proxy.url), AWS_ACCESS_KEY_ID: role });

beforeAll(async () => {
  server = await startS3();
  proxy = await s3Proxy(server);
  proxy.fault = await byPolicies('relaunch', 'team', (request) => denied.push(request));
  Object.assign(process.env, envOf('ADMIN'));
  await createQueue(openStore(storeUrl), 'laptop', { backend: 'process', gracePeriod: '2s' });
  Object.assign(process.env, envOf('CLIENT'));
  cluster = await Cluster.start({}, { storeUrl });
  await agentsKey('AGENT1');
  Object.assign(cluster.env, envOf('AGENT'), {
    AWS_ACCESS_KEY_ID: '',
    AWS_SECRET_ACCESS_KEY: '',
    AWS_SHARED_CREDENTIALS_FILE: credentials,
    AWS_PROFILE: 'team',
  });
  agent = await cluster.agent('one', ['laptop'], 1);
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(dirname(credentials), { recursive: true });
});

const agentsKey = (key: string): Promise<void> =>
  writeFile(credentials, `[team]\naws_access_key_id = ${key}\naws_secret_access_key = only-for-tests\n`);

test('a run waits while the credentials of its agent have expired, says so, and goes on with new ones', async () => {
  const { relaunch } = cluster;
  const byRole = proxy.fault;
  proxy.fault = (request) =>
    request.accessKey === 'AGENT1'
      ? { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' }
      : byRole(request);
  const run = await cluster.shell('laptop', 'echo done');
  const trouble = async (): Promise<string> => (await show(relaunch, run.workflowId)).troubles[0]?.message ?? '';
  await expect
    .poll(trouble, { timeout: 30_000 })
    .toMatch(
      /in s3:\/\/relaunch\/team: the credentials of access key AGENT1 of profile "team" have expired: renew them/,
    );
  await agentsKey('AGENT2');
  expect(await result(relaunch, run.workflowId)).toMatchObject({ state: 'succeeded', requeues: 0 });
  expect(await linesOf(cluster, run.workflowId)).toEqual(['done']);
});

test('code is launched, followed, preempted and finished over S3 by a client and an agent with their own rights', async () => {
  const { relaunch } = cluster;
  const run = await cluster.shell(
    'laptop',
    `cat README; echo; env | grep AWS_; echo '{"attempt": '$RELAUNCH_ATTEMPT'}'; trap 'exit 143' TERM; [ $RELAUNCH_ATTEMPT -gt 1 ] || while :; do sleep 0.1; done`,
  );
  await expect.poll(() => linesOf(cluster, run.workflowId), { timeout: 30_000 }).toContain('{"attempt": 1}');
  await preempt(relaunch, run.workflowId, { by: 'ada', reason: 'needs the GPU' });
  expect(await result(relaunch, run.workflowId)).toMatchObject({
    state: 'succeeded',
    requeues: 1,
    attempts: [{ outcome: { kind: 'preempted', by: 'ada' } }, { outcome: { kind: 'succeeded' } }],
    summary: { attempt: { last: 2 } },
  });
  expect(await linesOf(cluster, run.workflowId)).toEqual(
    [1, 2].flatMap((attempt) => ['a directory of code', `{"attempt": ${String(attempt)}}`]),
  );
  agent.child.kill('SIGTERM');
  expect(await agent.exited).toBe(0);
  expect(await relaunch.store.folders('')).toEqual(['code', 'queues', 'runs']);
  expect(denied).toEqual([]);
});
