import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import type { Pod } from '../../activities/backends/kubernetes/objects.ts';
import { result, type Run } from '../../client/index.ts';
import { submitDigits, watch } from '../../scripts/quickstart/train.ts';
import { problemsOf, type Trained } from '../../scripts/quickstart/verdict.ts';
import { upDocker, type DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { never } from '../support/backend-harness.ts';
import { Disruptions } from '../support/disruptions.ts';
import { KubernetesScene } from '../support/kubernetes-scene.ts';
import { provideVolume, type Volume } from '../support/kubernetes-volume.ts';

// One waits for the kubelet's patience with a registry that says no.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const checkpoints = { claimName: 'checkpoints' };

let scene: KubernetesScene;
let testbed: DockerTestbed;
let volume: Volume;
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
}, 600_000);

afterAll(async () => {
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

const digits = (name: string, epochSleepS: number): Promise<Run> =>
  submitDigits(scene.cluster.relaunch, { name, queue: 'k8s', epochSleepS, user: 'ada' });

test.concurrent(
  'an image is built, pushed, pulled by digest with our credentials and run; evicted half-way, it comes back and goes on exactly',
  async () => {
    await agent('k8s', testbed.registry.private.dockerConfigDir, {
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
        if (epoch === 9) evict().then(evicted.resolve, evicted.reject);
      }),
    ]);
    expect(problemsOf(preempted, uninterrupted)).toEqual([]);
    expect(await scene.end(run)).toEqual({
      state: 'succeeded',
      requeues: 1,
      outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
    });
    expect((await evicted.promise).spec?.containers?.[0]?.image).toMatch(
      new RegExp(`^${destination.replaceAll('.', '\\.')}[^@]*@sha256:[0-9a-f]{64}$`),
    );
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
