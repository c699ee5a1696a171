import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { result } from '../../client/index.ts';
import { upDocker } from '../../scripts/testbed/docker/up.ts';
import { agentImage } from '../support/agent-image.ts';
import { AgentsInCluster } from '../support/agents-in-cluster.ts';
import { onRealNode } from '../support/kubernetes-harness.ts';
import { KubernetesScene } from '../support/kubernetes-scene.ts';
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
  scene = await KubernetesScene.start(
    ({ name }) => ({ inside: { resourceArgs: { kubernetes: { ...onRealNode, namespace: name } } } }),
    { control: false, storeUrl: 's3://relaunch/team' },
  );
  agents = await AgentsInCluster.start(scene, await image, { queues: ['inside'], s3: s3.url });
  await agents.untilUp();
});

afterAll(async () => {
  await agents.stop();
  await scene.stop();
  await s3[Symbol.asyncDispose]();
});

test('a run is started and followed by an agent in a pod', async () => {
  const run = await scene.launch('inside', 'echo hello from $RELAUNCH_RUN_ID');
  expect(await result(scene.cluster.relaunch, run.workflowId)).toMatchObject({
    state: 'succeeded',
    attempts: [{ agent: expect.stringMatching(/^relaunch-agent-[01]$/) as string }],
  });
  expect(await linesOf(scene.cluster, run.workflowId)).toEqual([`hello from ${run.id}`]);
});
