import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuildKillPoint } from '../../activities/dependencies.ts';
import { result } from '../../client/index.ts';
import { ImageScene, queue } from '../support/image-scene.ts';

let scene: ImageScene;

beforeAll(async () => {
  scene = await ImageScene.start();
}, 300_000);

afterAll(() => scene.stop());

const dockerfile = (words: string): string =>
  `FROM ${scene.testbed.images.busybox}\nRUN echo ${words} ${scene.repository}\nENTRYPOINT ["echo", "${words}"]\n`;

const own = { dockerfile: 'Dockerfile' };

/** A new point has no number of pushes, and this does not compile. */
const points: Record<BuildKillPoint, { name: string }> = {
  'build:after-build': { name: 'built' },
  'build:after-record': { name: 'recorded' },
  'push:after-push': { name: 'pushed' },
  'push:after-record': { name: 'answering' },
};

test.each(Object.entries(points))(
  'a builder that is killed at %s is followed by one that comes to the same image',
  async (point, { name }) => {
    const file = await scene.agentFile(name);
    const hook = { at: point as BuildKillPoint, do: 'kill' as const };
    const doomed = await scene.cluster.hookedAgent(name, [queue], hook, { file });
    const code = await scene.code({ Dockerfile: dockerfile(name) });
    const { workflowId } = await scene.launch(code, own);
    expect(await doomed.exited).toBe('SIGKILL');
    const successor = await scene.cluster.agentOf(file);
    const end = await result(scene.cluster.relaunch, workflowId);
    expect(end).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
    expect(await scene.lines(workflowId)).toEqual([name]);
    const again = await scene.run(code, own);
    expect(again.image).toBe(end.image);
    successor.child.kill('SIGTERM');
    expect(await successor.exited).toBe(0);
  },
);

describe('a registry that wants credentials', () => {
  test('gets them from Docker’s config.json', async () => {
    const { host } = scene.testbed.registry.private;
    const agent = await scene.cluster.agentOf(
      await scene.agentFile('known', { destination: `${host}/${scene.repository}` }),
    );
    const end = await scene.run(await scene.code({ Dockerfile: dockerfile('private') }), own);
    expect(end).toMatchObject({ state: 'succeeded' });
    expect(end.image).toContain(`${host}/${scene.repository}@sha256:`);
    agent.child.kill('SIGTERM');
    await agent.exited;
  });

  test('refuses who has none, and the run says which registry it was', async () => {
    const { host } = scene.testbed.registry.private;
    const before = scene.cluster.env['DOCKER_CONFIG'];
    scene.cluster.env['DOCKER_CONFIG'] = scene.cluster.home;
    const agent = await scene.cluster.agentOf(
      await scene.agentFile('unknown', { destination: `${host}/${scene.repository}` }),
    );
    scene.cluster.env['DOCKER_CONFIG'] = before ?? '';
    const end = await scene.run(await scene.code({ Dockerfile: dockerfile('refused') }), own);
    expect(end).toMatchObject({ state: 'failed', attempts: [], failure: { type: 'RegistryDenied' } });
    expect(end.failure?.message).toContain(host);
    agent.child.kill('SIGTERM');
    await agent.exited;
  });
});

test('a registry that is away for a while delays a push and fails nothing', async () => {
  const agent = await scene.cluster.agentOf(await scene.agentFile('patient'));
  const slow = `FROM ${scene.testbed.images.busybox}\nRUN sleep 4; echo ${scene.repository}\nENTRYPOINT ["echo", "there"]\n`;
  const { workflowId } = await scene.launch(await scene.code({ Dockerfile: slow }), own);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await scene.testbed.kill('open-registry');
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  await ImageScene.up();
  expect(await result(scene.cluster.relaunch, workflowId)).toMatchObject({ state: 'succeeded' });
  agent.child.kill('SIGTERM');
  await agent.exited;
});
