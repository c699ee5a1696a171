import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { label } from '../../activities/backends/labels.ts';
import type { AttemptKillPoint, BuildKillPoint } from '../../activities/dependencies.ts';
import { result, show, type Run } from '../../client/index.ts';
import { lease } from '../../contracts/records.ts';
import { readRecord, writeRecord } from '../../store/records.ts';
import { ContainerEvents } from '../support/container-events.ts';
import { httpGate } from '../support/http-gate.ts';
import { ImageScene } from '../support/image-scene.ts';
import { slowRegistry } from '../support/slow-registry.ts';
import { until } from '../support/until.ts';

/** A new point has no queue, and this does not compile. `then`: where the successor dies as well. */
const points: Record<BuildKillPoint, { name: string; then: AttemptKillPoint }> = {
  'build:after-build': { name: 'built', then: 'submit:after-create' },
  'build:after-record': { name: 'recorded', then: 'await:running' },
  'push:after-push': { name: 'pushed', then: 'await:before-record' },
  'push:after-record': { name: 'answering', then: 'await:after-record' },
};

let scene: ImageScene;
let created: ContainerEvents;

// They mostly wait for time-outs: all at once they take as long as one.
vi.setConfig({ testTimeout: 240_000, maxConcurrency: 10 });

beforeAll(async () => {
  scene = await ImageScene.start([
    ...Object.values(points).map(({ name }) => name),
    'pushing',
    'left',
    'right',
    'known',
    'unknown',
    'nobody',
  ]);
  created = await ContainerEvents.open(scene.docker, 'create');
}, 300_000);

afterAll(async () => {
  await scene.stop();
  created.close();
});

const dockerfile = (words: string): string =>
  `FROM ${scene.testbed.images.busybox}\nRUN echo begun ${words} ${scene.repository} && sleep 1\nENTRYPOINT ["sh", "-c", "sleep 1; echo ${words}"]\n`;

const own = { dockerfile: 'Dockerfile' };

test.concurrent.each(Object.entries(points).map(([point, { name, then }]) => [point, then, name] as const))(
  'a run whose agent is killed at %s and again at %s has one image, and one container',
  async (point, then, name) => {
    const file = await scene.agentFile(name);
    const dies = (at: BuildKillPoint | AttemptKillPoint) =>
      scene.cluster.hookedAgent(name, [name], { at, do: 'kill' }, { file });
    const first = await dies(point as BuildKillPoint);
    const code = await scene.code({ Dockerfile: dockerfile(name) });
    const { id, workflowId } = await scene.launch(name, code, own);
    expect(await first.exited).toBe('SIGKILL');
    const workplace = join(scene.cluster.home, 'builds', name);
    await mkdir(join(workplace, 'build-left-behind'));
    const second = await dies(then);
    expect(await second.exited).toBe('SIGKILL');
    const successor = await scene.cluster.agentOf(file);
    const [end, again] = await Promise.all([result(scene.cluster.relaunch, workflowId), scene.run(name, code, own)]);
    expect(end).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
    expect(again.image).toBe(end.image);
    expect(await scene.lines(workflowId)).toEqual([name]);
    expect(containersOf(id)).toEqual([`${id}-a1`]);
    // What it said last may be lost with the agent.
    expect(await timesBuilt(workflowId)).toBeLessThanOrEqual(1);
    expect(await readdir(workplace)).toEqual([]);
    successor.child.kill('SIGTERM');
    expect(await successor.exited).toBe(0);
  },
);

/** All that the engine ever made for a run. */
const containersOf = (run: string): string[] =>
  created.seen.filter(({ labels }) => labels[label.run] === run).map(({ name }) => name);

/** How often the engine was asked to build, also what it had cached. */
const timesBuilt = (workflowId: string): Promise<number> =>
  timesSaid(workflowId, '[internal] load remote build context');

const timesSaid = async (workflowId: string, words: string): Promise<number> =>
  (await scene.lines(workflowId, 'build')).filter((line) => line.endsWith(words)).length;

test.concurrent('a run whose agent is killed in the middle of the push is not built again', async () => {
  await using registry = await slowRegistry(scene.testbed.registry.open.host);
  const file = await scene.agentFile('pushing', { destination: `${registry.host}/${scene.repository}` });
  const doomed = await scene.cluster.agentOf(file);
  const { id, workflowId } = await scene.launch(
    'pushing',
    await scene.code({ Dockerfile: dockerfile('pushing') }),
    own,
  );
  await until('the registry waits to have the image', () => registry.waiting > 0);
  doomed.child.kill('SIGKILL');
  const successor = await scene.cluster.agentOf(file);
  await until('the successor pushes as well', () => registry.waiting > 1);
  registry.letGo();
  expect(await result(scene.cluster.relaunch, workflowId)).toMatchObject({ state: 'succeeded' });
  expect(await timesBuilt(workflowId)).toBe(1);
  expect(containersOf(id)).toEqual([`${id}-a1`]);
  successor.child.kill('SIGTERM');
  await successor.exited;
});

/** Nobody has the time to wait for a minute. */
async function agedLease(hostId: string, byMs: number): Promise<void> {
  const { store } = scene.cluster.relaunch;
  for (const key of await store.list('builds/')) {
    const found = await readRecord(store, key, lease);
    if (found?.hostId !== hostId) continue;
    await writeRecord(store, key, {
      ...found,
      renewedAt: new Date(Date.parse(found.renewedAt) - byMs).toISOString(),
    });
  }
}

test.concurrent(
  'two machines make one image once: one waits, and takes over when the other’s lease is stale',
  async () => {
    await using gate = await httpGate();
    const repository = `${scene.repository}-two`;
    const destination = `${scene.testbed.registry.open.host}/${repository}`;
    const code = await scene.code({ Dockerfile: dockerfile('two').replace('sleep 1', gate.wait) });
    const doomed = await scene.cluster.agentOf(await scene.agentFile('left', { destination }), {}, 'left-machine');
    const first = await scene.launch('left', code, own);
    const builds = async ({ workflowId }: Run) => (await timesSaid(workflowId, ` begun two ${scene.repository}`)) === 1;
    await until('the one builds', () => builds(first));
    const file = await scene.agentFile('right', { destination }, ['left', 'right']);
    const successor = await scene.cluster.agentOf(file, {}, 'right-machine');
    const second = await scene.launch('right', code, own);
    const waits = 'left-machine makes this image: waiting for it';
    await until('the other waits', async () => (await timesSaid(second.workflowId, waits)) === 1);
    doomed.child.kill('SIGKILL');
    await doomed.exited;
    await agedLease('left-machine', 55_000);
    await until('the other builds', () => builds(second));
    gate.open();
    const ends = await Promise.all([first, second].map(({ workflowId }) => result(scene.cluster.relaunch, workflowId)));
    expect(ends).toMatchObject([{ state: 'succeeded' }, { state: 'succeeded' }]);
    expect(ends[0]?.image).toBe(ends[1]?.image);
    expect(await scene.pushes(repository)).toBe(1);
    successor.child.kill('SIGTERM');
    await successor.exited;
  },
);

describe.concurrent('a registry that wants credentials', () => {
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
    async () =>
      (await show(relaunch, workflowId)).waits?.some((why) => why.startsWith('nobody asks for images')) === true,
  );
  agent.child.kill('SIGTERM');
  await agent.exited;
  const builder = await scene.cluster.agentOf(await scene.agentFile('nobody'));
  expect(await result(relaunch, workflowId)).toMatchObject({ state: 'succeeded' });
  builder.child.kill('SIGTERM');
  await builder.exited;
});
