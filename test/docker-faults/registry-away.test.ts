import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { result } from '../../client/index.ts';
import { ImageScene } from '../support/image-scene.ts';

let scene: ImageScene;

beforeAll(async () => {
  scene = await ImageScene.start(['patient']);
}, 300_000);

afterAll(() => scene.stop());

test('a registry that is away for a while delays a push and fails nothing', async () => {
  const agent = await scene.cluster.agentOf(await scene.agentFile('patient'));
  const slow = `FROM ${scene.testbed.images.busybox}\nRUN sleep 4; echo ${scene.repository}\nENTRYPOINT ["echo", "there"]\n`;
  const { workflowId } = await scene.launch('patient', await scene.code({ Dockerfile: slow }), {
    dockerfile: 'Dockerfile',
  });
  await sleep(2_500);
  await scene.testbed.kill('open-registry');
  await sleep(20_000);
  await ImageScene.up();
  expect(await result(scene.cluster.relaunch, workflowId)).toMatchObject({ state: 'succeeded' });
  agent.child.kill('SIGTERM');
  await agent.exited;
});
