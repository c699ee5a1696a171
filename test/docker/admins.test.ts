import { chown, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancel, createQueue, result, submit } from '../../client/index.ts';
import type { Started } from '../support/cluster.ts';
import { countingFiles } from '../support/counting-files.ts';
import { layersOver } from '../support/image-layers.ts';
import { ImageScene } from '../support/image-scene.ts';
import { tlsIndex, type TlsIndex } from '../support/tls-index.ts';
import { until } from '../support/until.ts';

let directory: string;
let scene: ImageScene;
let index: TlsIndex;
let agent: Started;

const cache = (): string => join(directory, 'cache');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relaunch-admins-'));
  await mkdir(cache());
  await chown(cache(), 1000, 1000);
  scene = await ImageScene.start(() => ({
    cached: { volume: [`${cache()}:/cache`], env: { WANDB_CACHE_DIR: '/cache' } },
    uncached: {},
  }));
  await createQueue(scene.cluster.relaunch.store, 'shared', {
    backend: 'local-container',
    gracePeriod: '2s',
    resourceArgs: {
      'local-container': {
        ...{ memory: '1g', 'memory-swap': '2g', 'cpu-shares': '{{weight}}', 'pids-limit': 500 },
        env: { POOL: '{{pool}}', OUTPUT: '/out/${project_name}/${author}', HOST_HOME: '${HOME}' },
        label: { pool: 'pool-{{pool}}', run: '${run_name} ${run_id}', image: '${image_uri}' },
      },
    },
    variables: {
      pool: { type: 'string', enum: ['spot', 'fixed'], default: 'fixed' },
      weight: { type: 'integer', maximum: 512 },
    },
    allow: { '/resourceArgs/docker/shm-size': { maximum: '16m' } },
  });
  const { urlWithCredentials } = scene.testbed.index;
  index = await tlsIndex(urlWithCredentials, 'six', directory);
  const indexes = { indexUrl: index.url, extraIndexUrls: [urlWithCredentials], caBundle: index.certificate };
  agent = await scene.cluster.agentOf(await scene.agentFile('admin', indexes, ['cached', 'uncached', 'shared']));
}, 300_000);

afterAll(async () => {
  await scene.stop();
  await index[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

test.concurrent('a builder’s package indexes and certificates are used, and their passwords stay with it', async () => {
  const code = await scene.code({
    'train.py': 'import json, six, tabulate\nprint(json.dumps({"version": float(six.__version__[:4])}))\n',
    'requirements.txt': `# ${scene.repository}\nsix\ntabulate\n`,
  });
  const end = await scene.run('uncached', code, { entrypoint: ['python', 'train.py'] });
  expect(end).toMatchObject({ state: 'succeeded', summary: { version: { last: expect.any(Number) as number } } });
  expect(index.served).toContainEqual({ path: '/simple/six/', status: 200 });
  expect(index.served).toContainEqual({ path: '/simple/tabulate/', status: 404 });

  const image = String(end.image);
  const layers = await layersOver(scene.testbed.images.python, image);
  expect(layers.includes('import json, six, tabulate')).toBe(true);
  const seen = {
    layers: layers.toString('latin1'),
    'history of the image': await scene.history(image),
    'history of the run': await scene.remembered(end.workflowId),
    records: await scene.recorded(end.run),
    'log of the agent': agent.output(),
  };
  for (const [where, text] of Object.entries(seen)) {
    expect(text.length, where).toBeGreaterThan(100);
    for (const password of [index.password, scene.testbed.registry.private.password])
      expect(text.includes(password), where).toBe(false);
  }
});

/** As W&B's library keeps artifacts: where WANDB_CACHE_DIR says, else in the home of the user. */
const fetcher = `
import json, os, urllib.request
cache = os.environ.get("WANDB_CACHE_DIR") or os.path.expanduser("~/.cache/wandb")
kept = os.path.join(cache, "artifacts", os.path.basename(os.environ["WEIGHTS"]))
if not os.path.exists(kept):
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    urllib.request.urlretrieve(os.environ["WEIGHTS"], kept + ".incoming")
    os.replace(kept + ".incoming", kept)
print(json.dumps({"bytes": os.path.getsize(kept)}))
`;

test.concurrent('a cache that a queue mounts is filled once for all of its runs', async () => {
  await using files = await countingFiles('weights');
  const code = await scene.code({ 'fetch.py': fetcher });
  const fetches = async (queue: string): Promise<number> => {
    for (const which of ['first', 'second']) {
      const env = { WEIGHTS: `http://${files.host}/${queue}` };
      const end = await scene.run(queue, code, { name: which, entrypoint: ['python', 'fetch.py'], env });
      expect(end).toMatchObject({ state: 'succeeded', summary: { bytes: { last: 7 } } });
    }
    return files.count(queue);
  };
  expect(await Promise.all(['cached', 'uncached'].map(fetches))).toEqual([1, 2]);
  expect(await readdir(join(cache(), 'artifacts'))).toEqual(['cached']);
  expect((await stat(join(cache(), 'artifacts', 'cached'))).uid).toBe(1000);
});

test.concurrent(
  'a container has what queue, variables, share and submitter say, the last of them over the first',
  async () => {
    const { cluster, docker, testbed } = scene;
    const launch = (more: object) =>
      submit(cluster.relaunch, {
        ...{ queue: 'shared', source: { image: testbed.images.busybox }, user: 'ada', project: '../vision' },
        ...{ name: 'digits', entrypoint: ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.1; done"] },
        ...{ runConfig: { lr: 0.1 }, configAsArgs: 'args', files: { 'conf.json': { lr: 1 } } },
        variables: { weight: '256' },
        ...more,
      });
    const run = await launch({
      variables: { weight: '256', pool: 'spot' },
      resources: { cpu: '500m', memory: '64Mi' },
      resourceArgs: { 'local-container': { shm_size: '8m', pidsLimit: 50, e: ['MORE=x', 'POOL=mine'], w: '/tmp' } },
    });
    const container = docker.getContainer(`${run.id}-a1`);
    const { Config, HostConfig, Args } = await until('its container is there', () => container.inspect());
    await cancel(cluster.relaunch, run.workflowId, { by: 'ada' });
    expect(HostConfig).toMatchObject({
      ...{ NanoCpus: 500_000_000, Memory: 67_108_864, MemorySwap: 134_217_728, MemoryReservation: 0 },
      ...{ CpuShares: 256, ShmSize: 8_388_608, PidsLimit: 50, DeviceRequests: null },
    });
    expect(Config).toMatchObject({ WorkingDir: '/tmp' });
    expect(Config.Labels).toMatchObject({ pool: 'pool-spot', run: `digits ${run.id}`, 'relaunch.dev/queue': 'shared' });
    expect(Config.Labels['image']).toMatch(/busybox@sha256:[0-9a-f]{64}$/);
    expect(Config.Env).toEqual(
      expect.arrayContaining([
        ...['POOL=mine', 'MORE=x', 'OUTPUT=/out/vision/ada', 'HOST_HOME=${HOME}'],
        ...[
          'RELAUNCH_CONFIG={"lr":0.1}',
          'WANDB_CONFIG={"lr":0.1}',
          'WANDB_LAUNCH_FILE_OVERRIDES={"conf.json":{"lr":1}}',
        ],
      ]),
    );
    expect(Args.at(-1)).toBe('--lr=0.1');
    expect(await result(cluster.relaunch, run.workflowId)).toMatchObject({ attempts: [{ attempt: 1 }] });

    const failureOf = async (more: object): Promise<string> => {
      const { workflowId } = await launch(more);
      return (await result(cluster.relaunch, workflowId)).failure?.message ?? '';
    };
    expect(await failureOf({ resources: { gpu: 2 } })).toContain('this engine has no GPU runtime');
    expect(await failureOf({ resourceArgs: { docker: { 'shm-size': '17m' } } })).toContain(
      'resourceArgs.docker.shm-size is "17m", allowed are at most 16m',
    );
  },
);
