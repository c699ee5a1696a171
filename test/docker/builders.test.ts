import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BuildKillPoint } from '../../activities/dependencies.ts';
import { result, show } from '../../client/index.ts';
import { ImageScene } from '../support/image-scene.ts';
import { until } from '../support/until.ts';

/** A new point has no queue, and this does not compile. */
const points: Record<BuildKillPoint, { name: string }> = {
  'build:after-build': { name: 'built' },
  'build:after-record': { name: 'recorded' },
  'push:after-push': { name: 'pushed' },
  'push:after-record': { name: 'answering' },
};

let scene: ImageScene;

// They mostly wait for time-outs: all at once they take as long as one.
vi.setConfig({ maxConcurrency: 10 });

beforeAll(async () => {
  scene = await ImageScene.start([
    ...Object.values(points).map(({ name }) => name),
    'known',
    'unknown',
    'patient',
    'nobody',
  ]);
}, 300_000);

afterAll(() => scene.stop());

const dockerfile = (words: string): string =>
  `FROM ${scene.testbed.images.busybox}\nRUN echo ${words} ${scene.repository}\nENTRYPOINT ["echo", "${words}"]\n`;

const own = { dockerfile: 'Dockerfile' };

test.concurrent.each(Object.entries(points))(
  'a builder that is killed at %s is followed by one that comes to the same image',
  async (point, { name }) => {
    const file = await scene.agentFile(name);
    const hook = { at: point as BuildKillPoint, do: 'kill' as const };
    const doomed = await scene.cluster.hookedAgent(name, [name], hook, { file });
    const code = await scene.code({ Dockerfile: dockerfile(name) });
    const { workflowId } = await scene.launch(name, code, own);
    expect(await doomed.exited).toBe('SIGKILL');
    const workplace = join(scene.cluster.home, 'builds', name);
    await mkdir(join(workplace, 'build-left-behind'));
    const successor = await scene.cluster.agentOf(file);
    const end = await result(scene.cluster.relaunch, workflowId);
    expect(end).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
    expect(await scene.lines(workflowId)).toEqual([name]);
    const again = await scene.run(name, code, own);
    expect(again.image).toBe(end.image);
    expect(await readdir(workplace)).toEqual([]);
    successor.child.kill('SIGTERM');
    expect(await successor.exited).toBe(0);
  },
);

describe('a registry that wants credentials', () => {
  test.concurrent('gets them from Docker’s config.json', async () => {
    const { host } = scene.testbed.registry.private;
    const agent = await scene.cluster.agentOf(
      await scene.agentFile('known', { destination: `${host}/${scene.repository}` }),
    );
    const end = await scene.run('known', await scene.code({ Dockerfile: dockerfile('private') }), own);
    expect(end).toMatchObject({ state: 'succeeded' });
    expect(end.image).toContain(`${host}/${scene.repository}@sha256:`);
    agent.child.kill('SIGTERM');
    await agent.exited;
  });

  test.concurrent('refuses who has none, and the run says which registry it was', async () => {
    const { host } = scene.testbed.registry.private;
    const file = await scene.agentFile('unknown', { destination: `${host}/${scene.repository}` });
    const agent = await scene.cluster.agentOf(file, { DOCKER_CONFIG: scene.cluster.home });
    const end = await scene.run('unknown', await scene.code({ Dockerfile: dockerfile('refused') }), own);
    expect(end).toMatchObject({ state: 'failed', attempts: [], failure: { type: 'RegistryDenied' } });
    expect(end.failure?.message).toContain(host);
    agent.child.kill('SIGTERM');
    await agent.exited;
  });
});

test.concurrent('a run whose queue has no builder says so, and goes on when one comes', async () => {
  const agent = await scene.cluster.agentOf(await scene.agentFile('nobody', null));
  const { workflowId } = await scene.launch('nobody', await scene.code({ Dockerfile: dockerfile('late') }), own);
  const { relaunch } = scene.cluster;
  await until(
    'it says so',
    async () => (await show(relaunch, workflowId)).waits?.includes('nobody asks for images') === true,
  );
  agent.child.kill('SIGTERM');
  await agent.exited;
  const builder = await scene.cluster.agentOf(await scene.agentFile('nobody'));
  expect(await result(relaunch, workflowId)).toMatchObject({ state: 'succeeded' });
  builder.child.kill('SIGTERM');
  await builder.exited;
});
