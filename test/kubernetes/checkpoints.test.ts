import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { never } from '../support/backend-harness.ts';
import { Disruptions } from '../support/disruptions.ts';
import { onRealNode } from '../support/kubernetes-harness.ts';
import { KubernetesScene, withPod } from '../support/kubernetes-scene.ts';
import { linesOf } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const example = fileURLToPath(new URL('../../examples/digits/', import.meta.url));
const python = { image: 'relaunch.test/python:1' };

/** A volume of this machine, which is the real node. */
const claimName = 'checkpoints';

let scene: KubernetesScene;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relaunch-volume-'));
  const withCode = withPod(
    onRealNode,
    { volumes: [{ name: 'digits', configMap: { name: 'digits' } }] },
    { volumeMounts: [{ name: 'digits', mountPath: '/digits' }] },
  );
  const four = {
    completions: 4,
    parallelism: 4,
    completionMode: 'Indexed',
    template: {
      spec: {
        dnsPolicy: 'Default',
        containers: [
          {
            name: 'main',
            imagePullPolicy: 'Never',
            env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
          },
        ],
      },
    },
  };
  scene = await KubernetesScene.start({
    digits: {
      resourceArgs: { kubernetes: { ...withCode.kubernetes, checkpoints: { claimName } } },
      gracePeriod: '10s',
    },
    gang: { resourceArgs: { kubernetes: { spec: four, checkpoints: { claimName } } }, gracePeriod: '2s' },
  });
  await provideVolume(scene, directory);
  await provideDigits(scene);
  await scene.cluster.agent('one', ['digits', 'gang'], 10);
});

afterAll(async () => {
  const { admin, name } = scene.namespace;
  await scene.stop();
  await admin.find({ method: 'DELETE', path: `/api/v1/persistentvolumes/${name}`, signal: never });
  admin.close();
  await rm(directory, { recursive: true, force: true });
});

test('training that is evicted goes on where it was, to the same numbers as without an interruption', async () => {
  const config = { epochs: 12, epoch_sleep: 0.4 };
  const uninterrupted = execFileSync('python3', [join(example, 'train.py'), '--epochs', '12'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const entrypoint = ['python3', '/digits/train.py'];
  const run = await scene.launch('digits', '', { source: python, entrypoint, runConfig: config });
  const pod = await scene.running(run);
  // What it says on stderr comes with the rest.
  const epochs = async () =>
    (await linesOf(scene.cluster, run.workflowId)).filter((line) => line.includes('"val_acc"'));
  await until('it has learned for three epochs', async () => (await epochs()).length >= 3);
  await new Disruptions(scene.namespace).evict(pod);
  expect(await scene.end(run)).toEqual({
    state: 'succeeded',
    requeues: 1,
    outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
  });
  const numbers = (lines: readonly string[]) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).map(({ epoch, loss }) => ({ epoch, loss }));
  expect(numbers(await epochs())).toEqual(numbers(uninterrupted.trim().split('\n')));
});

/** Sums one number of each process over sockets, through the first of them; on the second attempt only. */
const allReduce = `
import os, socket, sys, time
rank, there = int(os.environ["JOB_COMPLETION_INDEX"]), os.environ["RELAUNCH_CHECKPOINT_DIR"]
attempt = os.environ["RELAUNCH_ATTEMPT"]
rendezvous = os.path.join(there, "first-" + attempt)
if rank == 0:
    server = socket.create_server(("", 29500))
    with open(rendezvous + ".new", "w") as f: f.write(os.environ["POD_IP"])
    os.rename(rendezvous + ".new", rendezvous)
    peers = [server.accept()[0] for _ in range(3)]
    total = rank + 1 + sum(int(peer.recv(16)) for peer in peers)
    for peer in peers: peer.sendall(b"%d" % total)
    print("sum", total, flush=True)
    if attempt == "1": peers[0].recv(1)  # until one of the others is gone
    sys.exit(1 if attempt == "1" else 0)
while not os.path.exists(rendezvous): time.sleep(0.1)
peer = socket.create_connection((open(rendezvous).read(), 29500))
peer.sendall(b"%d" % (rank + 1))
print("sum", int(peer.recv(16)), flush=True)
if attempt == "1": time.sleep(300)
`;

test('of four pods that work together one is preempted: the run is requeued once, as a whole', async () => {
  const run = await scene.launch('gang', '', { source: python, entrypoint: ['python3', '-c', allReduce] });
  await until('all have their sum', async () => (await linesOf(scene.cluster, run.workflowId)).length === 4, 60_000);
  const [pod] = (await scene.podsOf(run, 1)).filter(
    ({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'] === '2',
  );
  if (pod === undefined) throw new Error('it has no third pod');
  await new Disruptions(scene.namespace).evict(pod);
  expect(await scene.end(run)).toEqual({
    state: 'succeeded',
    requeues: 1,
    outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
  });
  expect(await linesOf(scene.cluster, run.workflowId)).toEqual(Array.from({ length: 8 }, () => 'sum 10'));
});

async function provideVolume({ namespace: { admin, name } }: KubernetesScene, path: string): Promise<void> {
  const capacity = { storage: '1Gi' };
  const spec = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  await admin.send({
    method: 'POST',
    path: '/api/v1/persistentvolumes',
    body: {
      metadata: { name },
      spec: { ...spec, capacity, hostPath: { path }, claimRef: { namespace: name, name: claimName } },
    },
    signal: never,
  });
  await admin.send({
    method: 'POST',
    path: `/api/v1/namespaces/${name}/persistentvolumeclaims`,
    body: { metadata: { name: claimName }, spec: { ...spec, volumeName: name, resources: { requests: capacity } } },
    signal: never,
  });
}

/** The example's files, as a queue may have them. */
async function provideDigits({ namespace: { admin, name } }: KubernetesScene): Promise<void> {
  const files = ['train.py', 'digits.csv'];
  const data = Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(join(example, file), 'utf8')] as const)),
  );
  const path = `/api/v1/namespaces/${name}/configmaps`;
  await admin.send({ method: 'POST', path, body: { metadata: { name: 'digits' }, data }, signal: never });
}
