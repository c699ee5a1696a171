import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import type { Pod } from '../../activities/backends/kubernetes/objects.ts';
import { result, show, type Run } from '../../client/index.ts';
import { epochs, watch } from '../../scripts/quickstart/train.ts';
import { problemsOf, type Trained } from '../../scripts/quickstart/verdict.ts';
import { upDocker, type DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { never } from '../support/backend-harness.ts';
import { Disruptions } from '../support/disruptions.ts';
import { gitServer, type GitServer } from '../support/git-server.ts';
import { KubernetesScene } from '../support/kubernetes-scene.ts';
import { provideVolume, type Volume } from '../support/kubernetes-volume.ts';
import { readTree } from '../support/trees.ts';

// One waits for the kubelet's patience with a registry that says no.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const example = fileURLToPath(new URL('../../examples/digits', import.meta.url));
/** Of the git server: it wants a token. */
const repository = '/private/digits.git';

const checkpoints = { claimName: 'checkpoints' };

let scene: KubernetesScene;
let testbed: DockerTestbed;
let volume: Volume;
let git: GitServer;
/** Where the images of these tests go, and nobody else's. */
let destination: string;

const registry = (): string => testbed.registry.private.host;

beforeAll(async () => {
  testbed = await upDocker({ own: true, say: () => undefined });
  destination = `${registry()}/mission-${randomUUID().slice(0, 8)}`;
  const queue = { resourceArgs: { kubernetes: { checkpoints } }, gracePeriod: '10s' };
  scene = await KubernetesScene.start({ k8s: queue, elsewhere: queue });
  const secret = `relaunch-registry-${registry().replace(':', '-')}`;
  await scene.namespace.apply('pull-secrets/role.yaml', (role) => role.replace('relaunch-registry-docker.io', secret));
  volume = await provideVolume(scene.namespace, checkpoints.claimName);
  git = await gitServer(scene.cluster.home);
}, 600_000);

afterAll(async () => {
  await git[Symbol.asyncDispose]();
  await scene.stop();
  await volume.remove();
});

/** An agent of one queue, which has its pods pull with its own credentials. */
async function agent(queue: string, dockerConfigDir: string, more: object = {}): Promise<void> {
  const file = join(scene.cluster.home, `${queue}.yaml`);
  const registries = { [registry()]: { pullSecret: true } };
  await writeFile(file, stringify({ name: queue, queues: [queue], maxJobs: 4, registries, ...more }));
  await scene.cluster.agentOf(file, { DOCKER_CONFIG: dockerConfigDir });
}

async function trained(run: Run, atEpoch: (epoch: number) => void): Promise<Trained> {
  const { relaunch } = scene.cluster;
  const watcher = {
    epoch: ({ attempt, epoch }: { attempt: number; epoch: number }) => {
      if (attempt === 1) atEpoch(epoch);
    },
    say: () => undefined,
  };
  return watch(relaunch, run, undefined, watcher, never);
}

/** `relaunch launch` of the example's repository. */
async function digits(name: string, epochSleepS: number): Promise<Run> {
  const config = { epochs, seed: 1, epoch_sleep: epochSleepS };
  const sets = Object.entries(config).flatMap(([key, value]) => ['--set', `${key}=${String(value)}`]);
  const what = ['-u', git.url(repository), '-q', 'k8s', '-E', 'python3 train.py'];
  const { code, output } = await scene.cluster.run('launch', ...what, '--name', name, ...sets, '--json');
  expect(code, output).toBe(0);
  return JSON.parse(output) as Run;
}

test.concurrent(
  'a commit of a private repository is built, pushed, pulled by digest with our credentials and run; evicted half-way, it comes back and goes on exactly',
  async () => {
    const commit = await (await git.create(repository)).commit(await readTree(example));
    await writeFile(join(scene.cluster.home, 'token'), git.token);
    await agent('k8s', testbed.registry.private.dockerConfigDir, {
      git: { [git.host]: { username: git.username, token: { file: 'token' }, caBundle: git.certificate } },
      docker: { host: testbed.dockerHost },
      builder: {
        destination,
        pythonImage: testbed.images.python,
        indexUrl: testbed.index.urlWithCredentials,
        network: 'host',
      },
    });
    const [reference, run] = await Promise.all([digits('uninterrupted', 0), digits('digits', 0.25)]);
    const evicted = Promise.withResolvers<Pod>();
    const evict = async (): Promise<Pod> => {
      const pod = await scene.running(run);
      await new Disruptions(scene.namespace).evict(pod);
      return pod;
    };
    const [uninterrupted, preempted] = await Promise.all([
      trained(reference, () => undefined),
      trained(run, (epoch) => {
        if (epoch === epochs / 2) evict().then(evicted.resolve, evicted.reject);
      }),
    ]);
    expect(problemsOf(preempted, uninterrupted)).toEqual([]);
    expect(await scene.end(run)).toEqual({
      state: 'succeeded',
      requeues: 1,
      outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
    });
    const images = [await evicted.promise, ...(await scene.podsOf(run, 2))].map(
      ({ spec }) => spec?.containers?.[0]?.image ?? '',
    );
    for (const image of images) expect(image).toMatch(/^[^@]+@sha256:[0-9a-f]{64}$/);
    expect(new Set(images).size).toBe(1);
    expect(images[0]?.startsWith(destination)).toBe(true);
    expect((await show(scene.cluster.relaunch, run.workflowId)).git).toMatchObject({ ref: 'main', commit });
  },
);

test.concurrent('a wrong account of the registry ends a run, and is named', async () => {
  const wrong = join(scene.cluster.home, 'wrong');
  await mkdir(wrong);
  const auth = Buffer.from('mallory:wrong').toString('base64');
  await writeFile(join(wrong, 'config.json'), JSON.stringify({ auths: { [registry()]: { auth } } }));
  await agent('elsewhere', wrong);
  const source = { image: `${registry()}/mission/none@sha256:${'0'.repeat(64)}` };
  const run = await scene.launch('elsewhere', 'true', { source });
  const { state, failure, attempts } = await result(scene.cluster.relaunch, run.workflowId);
  expect({ state, attempts }).toMatchObject({
    state: 'failed',
    attempts: [{ outcome: { kind: 'failed', cause: 'image-pull' } }],
  });
  expect(failure?.message).toContain(registry());
  expect(failure?.message).toContain('"mallory"');
});
