import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { result } from '../../client/index.ts';
import { upDocker } from '../../scripts/testbed/docker/up.ts';
import { agentImage } from '../support/agent-image.ts';
import { AgentsInCluster } from '../support/agents-in-cluster.ts';
import { auditLog } from '../support/audit-log.ts';
import { Disruptions } from '../support/disruptions.ts';
import { onRealNode } from '../support/kubernetes-harness.ts';
import { KubernetesScene } from '../support/kubernetes-scene.ts';
import { onLoopback } from '../support/loopback.ts';
import { linesOf } from '../support/run-watch.ts';
import { s3Env, startS3, type S3Server } from '../support/s3-server.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let s3: S3Server;
let scene: KubernetesScene;
let agents: AgentsInCluster;

beforeAll(async () => {
  const image = upDocker({ own: true, say: () => undefined }).then(agentImage);
  image.catch(() => undefined);
  s3 = await startS3();
  Object.assign(process.env, s3Env(s3.url));
  scene = await KubernetesScene.start({}, { control: false, storeUrl: 's3://relaunch/team' });
  const resourceArgs = { kubernetes: { ...onRealNode, namespace: scene.namespace.name } };
  const queues = { inside: { backend: 'kubernetes', gracePeriod: '1s', resourceArgs } };
  agents = await AgentsInCluster.start(scene, await image, { queues, s3: s3.url });
  await agents.untilServing(scene, 'inside');
});

afterAll(async () => {
  await agents.stop();
  await scene.stop();
  await s3[Symbol.asyncDispose]();
});

test('a run of a queue that only agents in pods can read is started and followed by one of them', async () => {
  const run = await scene.launch('inside', 'echo hello from $RELAUNCH_RUN_ID');
  expect(await result(scene.cluster.relaunch, run.workflowId)).toMatchObject({
    state: 'succeeded',
    attempts: [{ agent: expect.stringMatching(/^relaunch-agent-[01]$/) as string }],
  });
  expect(await linesOf(scene.cluster, run.workflowId)).toEqual([`hello from ${run.id}`]);
});

/** Counts until it hears that it is enough. */
const counts = (url: string): string =>
  `i=0; until wget -q -O /dev/null ${url} 2>/dev/null; do i=$((i+1)); echo $i; sleep 0.2; done; echo enough after $i`;

test('every agent is killed or told to go once, and then all are rolled: a run has one attempt, one pod and each line once; one that is evicted meanwhile is requeued once', async () => {
  let enough = false;
  const server = createServer((_, answer) => void answer.writeHead(enough ? 200 : 404).end());
  await using listener = await onLoopback(server);
  const port = await agents.forward(Number(listener.host.split(':')[1]));
  const script = counts(`http://${agents.nodeAddress}:${String(port)}/`);
  const [run, preempted] = await Promise.all([scene.launch('inside', script), scene.launch('inside', script)]);
  const [{ metadata }, victim] = await Promise.all([scene.running(run), scene.running(preempted)]);
  const killed = Math.floor(Math.random() * 2);
  const ways = (await agents.pods()).map((pod, i) => () => agents.replace(pod, i === killed ? 1 : undefined));
  const evict = () => new Disruptions(scene.namespace).evict(victim);
  await Promise.all(
    [...ways, evict].map(async (disrupt) => {
      await sleep(Math.random() * 3_000);
      await disrupt();
    }),
  );
  await agents.roll();
  expect((await scene.podsOf(run, 1)).map((pod) => pod.metadata.uid)).toEqual([metadata.uid]);
  await scene.running(preempted, 2);
  enough = true;
  expect(await scene.end(run)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
  const lines = await linesOf(scene.cluster, run.workflowId);
  const counted = lines.length - 1;
  expect(lines).toEqual([
    ...Array.from({ length: counted }, (_, i) => String(i + 1)),
    `enough after ${String(counted)}`,
  ]);
  expect(await scene.end(preempted)).toEqual({
    state: 'succeeded',
    requeues: 1,
    outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
  });
  const created = (await auditLog(scene.namespace))
    .filter(({ verb, resource, code }) => verb === 'create' && resource === 'jobs' && code === 201)
    .map(({ name }) => name);
  expect(created.filter((name) => name.startsWith(run.id))).toEqual([`${run.id}-a1`]);
  expect(created.filter((name) => name.startsWith(preempted.id))).toEqual(
    [1, 2].map((n) => `${preempted.id}-a${String(n)}`),
  );
});
