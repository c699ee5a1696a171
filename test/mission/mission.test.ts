import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { logs, result, show, type Run } from '../../client/index.ts';
import { builderFile, pullSecretsOf, startInCluster } from '../../scripts/quickstart/in-cluster.ts';
import type { Epoch } from '../../scripts/quickstart/epochs.ts';
import { epochs, watch } from '../../scripts/quickstart/train.ts';
import { problemsOf, type Trained } from '../../scripts/quickstart/verdict.ts';
import { agentImage, nextImage } from '../../scripts/testbed/docker/agent-image.ts';
import type { DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { gitServer, type GitServer } from '../../scripts/testbed/git/server.ts';
import type { AgentsInCluster } from '../../scripts/testbed/kubernetes/agents.ts';
import { Doorway } from '../../scripts/testbed/kubernetes/doorway.ts';
import { Kubectl } from '../../scripts/testbed/kubernetes/kubectl.ts';
import { provideVolume, type Volume } from '../../scripts/testbed/kubernetes/volume.ts';
import { readTree } from '../../scripts/testbed/trees.ts';
import { auditLog } from '../support/audit-log.ts';
import { never } from '../support/backend-harness.ts';
import { upOwnDocker } from '../support/docker-harness.ts';
import { testNamespace, type TestNamespace } from '../support/kubernetes-cluster.ts';
import { KubernetesScene } from '../support/kubernetes-scene.ts';
import { s3Env, startS3, type S3Server } from '../support/s3-server.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const example = fileURLToPath(new URL('../../examples/digits', import.meta.url));
/** Of the git server: it wants a token. */
const repository = '/private/digits.git';

let s3: S3Server;
let scene: KubernetesScene;
/** Where pods have pull secrets of another account. */
let elsewhere: TestNamespace;
let testbed: DockerTestbed;
let doorway: Doorway;
let volume: Volume;
let git: GitServer;
let gitHost: string;
let agents: AgentsInCluster;
/** Theirs. */
let image: string;
/** Where the images of runs go, and nobody else's. */
const images = `mission-${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  const docker = upOwnDocker();
  const built = docker.then((up) => agentImage(up, never));
  built.catch(() => undefined);
  s3 = await startS3();
  const s3Settings = s3Env(s3.url);
  Object.assign(process.env, s3Settings);
  const impatient = { resourceArgs: { kubernetes: { startTolerationSeconds: 20 } } };
  scene = await KubernetesScene.start({ elsewhere: impatient }, { control: false, storeUrl: 's3://relaunch/team' });
  const { cluster, namespace } = scene;
  Object.assign(cluster.env, s3Settings);
  const kubectl = new Kubectl(namespace.testbed);
  doorway = await Doorway.open(kubectl);
  git = await gitServer(cluster.home, [doorway.address]);
  gitHost = await doorway.to(git.host);
  testbed = await docker;
  elsewhere = await testNamespace();
  for (const each of [namespace, elsewhere])
    await each.apply('pull-secrets/role.yaml', (role) => pullSecretsOf(role, testbed.registry.private.host));
  volume = await provideVolume(kubectl, namespace.name, 'checkpoints');
  const file = join(cluster.home, 'builder.yaml');
  await writeFile(file, stringify(builderFile(['k8s'], testbed, images)));
  const checkpoints = { claimName: 'checkpoints' };
  const resourceArgs = { kubernetes: { checkpoints, namespace: namespace.name } };
  await cluster.agentOf(file, { DOCKER_CONFIG: testbed.registry.private.dockerConfigDir });
  image = await built;
  agents = await startInCluster({
    ...{ kubectl, doorway, docker: testbed, s3: s3Settings, git, gitHost, image },
    ...{ settings: cluster.relaunch.settings, jobs: namespace.name },
    queues: { k8s: { backend: 'kubernetes', gracePeriod: '10s', resourceArgs } },
  });
  await agents.untilUp();
});

afterAll(async () => {
  await agents.stop();
  doorway.close();
  await git[Symbol.asyncDispose]();
  await scene.stop();
  await elsewhere.cleanup();
  await volume.remove();
  await s3[Symbol.asyncDispose]();
});

/** `relaunch launch` of the example's repository. */
async function digits(name: string, epochSleepS: number): Promise<Run> {
  const config = { epochs, seed: 1, epoch_sleep: epochSleepS };
  const sets = Object.entries(config).flatMap(([key, value]) => ['--set', `${key}=${String(value)}`]);
  const what = ['-u', `https://${gitHost}${repository}`, '-q', 'k8s', '-E', 'python3 train.py'];
  const { code, output } = await scene.cluster.run('launch', ...what, '--name', name, ...sets, '--json');
  expect(code, output).toBe(0);
  const [answer = ''] = /^\{.*\}$/m.exec(output) ?? [];
  return JSON.parse(answer) as Run;
}

/** All that a run said and was said of it, with the attempt before each line. */
function logOf({ workflowId }: Run): Promise<string[]> {
  const lines = logs(scene.cluster.relaunch, workflowId);
  return Array.fromAsync(lines, ({ attempt, line }) => `${String(attempt)} ${line.m}`);
}

/**
 * Where nobody was there to read a pod's log before it was evicted, the log of its attempt says that its end is missing: no more than
 * that. Then it is taken from the run that was not interrupted.
 */
function withMissing(preempted: Trained, log: readonly string[], uninterrupted: Trained): Trained {
  if (!log.some((line) => line.startsWith('1 relaunch: the rest of the log of container main of '))) return preempted;
  const of = (number: number): Epoch[] => preempted.epochs.filter(({ attempt }) => attempt === number);
  const [before, after] = [of(1), of(2)];
  const missing = uninterrupted.epochs.slice(before.length, after[0]?.epoch);
  return { ...preempted, epochs: [...before, ...missing.map((epoch) => ({ ...epoch, attempt: 1 })), ...after] };
}

/** Follows a run to its end; `atEpoch` hears of those of its first attempt. */
function trained(run: Run, atEpoch: (epoch: number) => void): Promise<Trained> {
  const watcher = {
    epoch: ({ attempt, epoch }: { attempt: number; epoch: number }) => {
      if (attempt === 1) atEpoch(epoch);
    },
    say: () => undefined,
  };
  return watch(scene.cluster.relaunch, run, undefined, watcher, never);
}

test.concurrent(
  'a commit of a private repository is built, pushed, pulled by digest with our credentials and run, while every agent is killed or told to go and all get a new image: evicted meanwhile, it comes back once and goes on exactly',
  async () => {
    const commit = await (await git.create(repository)).commit(await readTree(example));
    const next = nextImage(testbed, image, never);
    // One goes on while agents come and go.
    const [reference, run] = await Promise.all([digits('uninterrupted', 2), digits('digits', 1)]);

    const evict = async (): Promise<string> => {
      const { metadata, spec } = await scene.running(run);
      await new Kubectl(scene.namespace.testbed).evict(scene.namespace.name, metadata.name);
      return spec?.containers?.[0]?.image ?? '';
    };
    const disturb = async (): Promise<string> => {
      const names = await agents.names();
      expect(names.toSorted()).toEqual(['relaunch-agent-0', 'relaunch-agent-1']);
      const killed = names[Math.floor(Math.random() * names.length)];
      const ways = names.map((name) => () => agents.delete(name, name === killed ? 1 : undefined));
      const soon = async <T>(disrupt: () => Promise<T>): Promise<T> => {
        await sleep(Math.random() * 3_000);
        return disrupt();
      };
      const [evicted] = await Promise.all([soon(evict), ...ways.map(soon)]);
      await agents.untilUp();
      expect(await show(scene.cluster.relaunch, reference.workflowId)).toMatchObject({ state: 'running' });
      await agents.roll(await next);
      return evicted;
    };
    const disturbed = Promise.withResolvers<string>();
    const [uninterrupted, preempted] = await Promise.all([
      trained(reference, () => undefined),
      trained(run, (epoch) => {
        if (epoch === 3) disturb().then(disturbed.resolve, disturbed.reject);
      }),
    ]);
    const log = await logOf(run);
    const whole = withMissing(preempted, log, uninterrupted);
    expect(problemsOf(whole, uninterrupted), log.join('\n')).toEqual([]);
    const each = Array.from({ length: epochs }, (_, epoch) => epoch);
    const seen = [whole, uninterrupted].map((trained) => trained.epochs.map(({ epoch }) => epoch));
    expect(seen, log.join('\n')).toEqual([each, each]);
    const ran = await disturbed.promise;
    expect(ran).toMatch(/^[^@]+@sha256:[0-9a-f]{64}$/);
    expect(ran.startsWith(`${testbed.registry.private.host}/${images}`)).toBe(true);
    expect(await scene.end(run)).toEqual({
      state: 'succeeded',
      requeues: 1,
      outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
    });
    expect(await scene.end(reference)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
    const ended = await result(scene.cluster.relaunch, run.workflowId);
    expect(ended.image).toBe(ran);
    for (const { agent } of ended.attempts) expect(agent).toMatch(/^relaunch-agent-[01]$/);
    expect((await show(scene.cluster.relaunch, run.workflowId)).git).toMatchObject({ ref: 'main', commit });
    const created = (await auditLog(scene.namespace)).filter(({ verb, code }) => verb === 'create' && code === 201);
    const named = created.filter(({ resource }) => resource === 'jobs').map(({ name }) => name);
    expect(named.toSorted()).toEqual([`${reference.id}-a1`, `${run.id}-a1`, `${run.id}-a2`].toSorted());
    expect(created.filter(({ resource }) => resource === 'pods')).toHaveLength(named.length);
  },
);

test.concurrent('a wrong account of the registry ends a run, and is named', async () => {
  const { home } = scene.cluster;
  const { host } = testbed.registry.private;
  const auth = Buffer.from('mallory:wrong').toString('base64');
  await mkdir(join(home, 'wrong'));
  await writeFile(join(home, 'wrong/config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  const file = join(home, 'elsewhere.yaml');
  const registries = { [host]: { pullSecret: true } };
  await writeFile(file, stringify({ name: 'elsewhere', queues: ['elsewhere'], registries }));
  await scene.cluster.agentOf(file, { DOCKER_CONFIG: join(home, 'wrong'), KUBECONFIG: elsewhere.kubeconfig });
  const source = { image: `${host}/mission/none@sha256:${'0'.repeat(64)}` };
  const run = await scene.launch('elsewhere', 'true', { source });
  const { state, failure, attempts } = await result(scene.cluster.relaunch, run.workflowId);
  expect({ state, attempts }).toMatchObject({
    state: 'failed',
    attempts: [{ outcome: { kind: 'failed', cause: 'image-pull' } }],
  });
  expect(failure?.message).toContain(host);
  expect(failure?.message).toContain('"mallory"');
});
