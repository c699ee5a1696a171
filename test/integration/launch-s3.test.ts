import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueue, preempt, result } from '../../client/index.ts';
import { openStore } from '../../store/open-store.ts';
import { Cluster, type Started } from '../support/cluster.ts';
import { byPolicies } from '../support/s3-policy.ts';
import { s3Proxy, type S3Proxy, type S3Request } from '../support/s3-proxy.ts';
import { s3Env, startS3, type S3Server } from '../support/s3-server.ts';
import { linesOf } from '../support/run-watch.ts';

const storeUrl = 's3://relaunch/team';
const denied: S3Request[] = [];

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
  Object.assign(cluster.env, envOf('AGENT'));
  agent = await cluster.agent('one', ['laptop'], 1);
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
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
