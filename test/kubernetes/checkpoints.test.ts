import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse, parseDocument } from 'yaml';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { never } from '../support/backend-harness.ts';
import { Disruptions } from '../support/disruptions.ts';
import { onRealNode } from '../support/kubernetes-harness.ts';
import { KubernetesScene, withPod } from '../support/kubernetes-scene.ts';
import { provideVolume, type Volume } from '../support/kubernetes-volume.ts';
import { linesOf } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const example = join(examples, 'digits', 'trainer');
const python = { image: 'relaunch.test/python:1' };

/** The queue `gang` of the examples has the same name for its own. */
const claimName = 'checkpoints';

let scene: KubernetesScene;
let volume: Volume;

beforeAll(async () => {
  const withCode = withPod(
    onRealNode,
    { volumes: [{ name: 'digits', configMap: { name: 'digits' } }] },
    { volumeMounts: [{ name: 'digits', mountPath: '/digits' }] },
  );
  const gang = await readFile(join(examples, 'queues', 'gang.yaml'), 'utf8');
  scene = await KubernetesScene.start(({ name }) => ({
    digits: {
      resourceArgs: { kubernetes: { ...withCode.kubernetes, checkpoints: { claimName } } },
      gracePeriod: '10s',
    },
    gang: onThisNode(gang, name),
  }));
  volume = await provideVolume(scene.namespace, claimName);
  await provideDigits(scene);
  await provideNames(scene);
  await scene.cluster.agent('one', ['digits', 'gang'], 10);
});

afterAll(async () => {
  await scene.stop();
  await volume.remove();
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

/** Sums one number of each process over sockets, in a ring in which each finds the next by its name. The first attempt then waits until one is gone. */
const allReduce = `
import os, socket, sys, time
job, rank, size = os.environ["JOB_NAME"], int(os.environ["JOB_COMPLETION_INDEX"]), 4
there, attempt = os.environ["RELAUNCH_CHECKPOINT_DIR"], os.environ["RELAUNCH_ATTEMPT"]
def dial(host):
    while True:
        try: return socket.create_connection((host, 29500))
        except OSError: time.sleep(0.1)  # it has no name yet, or does not listen
server = socket.create_server(("", 29500))
after = dial(f"{job}-{(rank + 1) % size}.gang")
before = server.accept()[0]
total = passed = rank + 1
for _ in range(size - 1):
    after.sendall(passed.to_bytes(4, "big"))
    passed = int.from_bytes(before.recv(4), "big")
    total += passed
if attempt == "1":
    open(os.path.join(there, str(rank)), "w").close()
    print("sum", total, flush=True)
    before.recv(1)
    sys.exit(1)
print("sum", total, "after", *sorted(os.listdir(there)), flush=True)
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
  const lines = await linesOf(scene.cluster, run.workflowId);
  expect(lines).toEqual(['sum 10', 'sum 10 after 0 1 2 3'].flatMap((line) => Array.from({ length: 4 }, () => line)));
});

/** The example's queue in a namespace of the testbed, with less than it asks for. */
function onThisNode(text: string, namespace: string): Partial<QueueSpecInput> {
  const queue = parseDocument(text);
  queue.setIn(['gracePeriod'], '2s');
  queue.setIn(['resourceArgs', 'kubernetes', 'namespace'], namespace);
  const container = ['resourceArgs', 'kubernetes', 'spec', 'template', 'spec', 'containers', 0];
  queue.setIn([...container, 'imagePullPolicy'], 'Never');
  queue.deleteIn([...container, 'resources']);
  return queue.toJS() as Partial<QueueSpecInput>;
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

/** The example's headless service. */
async function provideNames({ namespace: { admin, name } }: KubernetesScene): Promise<void> {
  const body = parse(await readFile(join(examples, 'kubernetes', 'gang-service.yaml'), 'utf8')) as object;
  await admin.send({ method: 'POST', path: `/api/v1/namespaces/${name}/services`, body, signal: never });
}
