import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { result, show, submit } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { gitServer, type GitServer } from '../../scripts/testbed/git/server.ts';
import { ImageScene } from '../support/image-scene.ts';

vi.setConfig({ testTimeout: 240_000 });

let scene: ImageScene;
let server: GitServer;
let commit: string;

beforeAll(async () => {
  scene = await ImageScene.start(['git']);
  const directory = join(scene.cluster.home, 'git');
  await mkdir(directory);
  server = await gitServer(directory);
  const served = await server.create('/private/hello.git');
  commit = await served.commit({
    'app/hello.sh': 'cat "$(dirname "$0")/greeting"',
    'app/greeting': 'from a commit\n',
    'app/Dockerfile.wandb': 'ARG BASE\nFROM ${BASE}\nCOPY . /app\nWORKDIR /app\n',
  });
  await writeFile(join(directory, 'token'), server.token);
  const file = await scene.agentFile('git', { buildArgs: { BASE: scene.testbed.images.busybox } });
  const hosts = {
    [server.host]: {
      username: server.username,
      token: { file: join(directory, 'token') },
      caBundle: server.certificate,
    },
  };
  await writeFile(file, stringify({ ...(parse(await readFile(file, 'utf8')) as object), git: hosts }));
  await scene.cluster.agentOf(file);
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scene.stop();
});

test.each<[string, (testbed: ImageScene['testbed']) => Partial<LaunchSpecInput>]>([
  ['built into an image, by the Dockerfile that it has', () => ({})],
  ['mounted on an image that is there', ({ images }) => ({ baseImage: images.busybox })],
])('a commit of a private repository is %s', async (_, way) => {
  const url = server.url('/private/hello.git');
  const { relaunch } = scene.cluster;
  const { workflowId } = await submit(relaunch, {
    ...{ queue: 'git', source: { git: { url } }, entrypoint: ['sh', 'app/hello.sh'] },
    ...way(scene.testbed),
  });
  expect(await result(relaunch, workflowId)).toMatchObject({ state: 'succeeded' });
  expect(await scene.lines(workflowId)).toEqual(['from a commit']);
  expect((await show(relaunch, workflowId)).git).toEqual({ url, ref: 'main', commit });
  expect(`${await scene.recorded(workflowId)}${await scene.remembered(workflowId)}`).not.toContain(server.token);
});
