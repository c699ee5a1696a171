import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse, parseDocument, stringify } from 'yaml';
import { cancel, logs } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { never } from '../support/backend-harness.ts';
import { Disruptions } from '../support/disruptions.ts';
import { gitServer, type GitServer } from '../../scripts/testbed/git/server.ts';
import { busybox, onRealNode } from '../support/kubernetes-harness.ts';
import { KubernetesScene, withPod } from '../support/kubernetes-scene.ts';
import { Kubectl } from '../../scripts/testbed/kubernetes/kubectl.ts';
import { provideVolume, type Volume } from '../../scripts/testbed/kubernetes/volume.ts';
import { linesOf } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const example = join(examples, 'digits', 'trainer');
const python = { image: 'relaunch.test/python:1' };

/** The queue `gang` of the examples has the same name for its own. */
const claimName = 'checkpoints';

/** What pods of a queue have of it, of its variables and of what the run is. */
const sharedQueue: Partial<QueueSpecInput> = {
  resourceArgs: {
    kubernetes: {
      code: { claimName },
      spec: {
        template: {
          metadata: { labels: { team: '${project_name}', who: '${author}', run: '${run_id}' } },
          spec: {
            nodeSelector: { 'kubernetes.io/os': '{{os}}' },
            containers: [
              {
                ...{ name: 'main', imagePullPolicy: 'Never' },
                env: [{ name: 'OUTPUT', value: '/out/${project_name}/${run_name} ${HOME}' }],
                resources: { requests: { cpu: '{{cpus}}', memory: '64Mi' }, limits: { memory: '64Mi' } },
              },
            ],
          },
        },
      },
    },
  },
  variables: {
    os: { type: 'string', enum: ['linux', 'windows'], default: 'windows' },
    cpus: { type: 'number', maximum: 1, default: 0.05 },
  },
  allow: { '/resourceArgs/kubernetes/labels': 'open' },
};

let scene: KubernetesScene;
let volume: Volume;
let server: GitServer;

beforeAll(async () => {
  const withCode = withPod(
    onRealNode,
    { volumes: [{ name: 'digits', configMap: { name: 'digits' } }] },
    { volumeMounts: [{ name: 'digits', mountPath: '/digits' }] },
  );
  const path = '/bin:/mnt/relaunch/code/bin';
  const withStub = withPod(onRealNode, {}, { env: [{ name: 'PATH', value: path }] });
  const asOther = withPod(
    onRealNode,
    { securityContext: { runAsUser: 4_242, runAsGroup: 4_242, runAsNonRoot: true, fsGroup: 4_242 } },
    { securityContext: { readOnlyRootFilesystem: true } },
  );
  const gang = await readFile(join(examples, 'queues', 'gang.yaml'), 'utf8');
  scene = await KubernetesScene.start(({ name }) => ({
    digits: {
      resourceArgs: { kubernetes: { ...withCode.kubernetes, checkpoints: { claimName } } },
      gracePeriod: '10s',
    },
    gang: onThisNode(gang, name),
    code: {
      resourceArgs: { kubernetes: { ...withStub.kubernetes, code: { claimName }, checkpoints: { claimName } } },
    },
    other: { resourceArgs: { kubernetes: { ...asOther.kubernetes, code: { claimName } } } },
    shared: sharedQueue,
    killed: { resourceArgs: { kubernetes: { ...onRealNode, code: { claimName } } } },
  }));
  volume = await provideVolume(new Kubectl(scene.namespace.testbed), scene.namespace.name, claimName);
  await provideDigits(scene);
  await provideNames(scene);
  server = await gitServer(scene.cluster.home);
  await scene.cluster.agentOf(await agentFile('one', ['digits', 'gang', 'code', 'other', 'shared']));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scene.stop();
  await volume.remove();
});

test.concurrent(
  'training that is evicted goes on where it was, to the same numbers as without an interruption',
  async () => {
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
  },
);

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

test.concurrent('of four pods that work together one is preempted: the run is requeued once, as a whole', async () => {
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

describe.concurrent('code on an image that is not made of it', () => {
  test('is there, read-only, and the same after an eviction', async () => {
    const dir = await codeOf('evicted', {
      'app/run.sh': [
        'pwd; cat ../greeting; ../tool; (echo x > here) 2> /dev/null || echo read-only',
        '(echo x > ../greeting) 2> /dev/null || echo read-only',
        'echo $RELAUNCH_ATTEMPT >> $RELAUNCH_CHECKPOINT_DIR/attempts',
        '[ $RELAUNCH_ATTEMPT = 1 ] || exec cat $RELAUNCH_CHECKPOINT_DIR/attempts',
        'while :; do sleep 0.1; done',
      ].join('\n'),
      greeting: 'hello\n',
      tool: '#!/bin/sh\necho ran\n',
    });
    const run = await scene.launch('code', '', {
      ...{ source: { code: { dir } }, baseImage: busybox, workingDir: 'app', entrypoint: ['sh', 'run.sh'] },
    });
    const said = ['/mnt/relaunch/code/app', 'hello', 'ran', 'read-only', 'read-only'];
    const lines = () => linesOf(scene.cluster, run.workflowId);
    const pod = await scene.running(run);
    await until('it has said all', async () => (await lines()).length === said.length);
    await writeFile(join(dir, 'greeting'), 'changed meanwhile\n');
    await new Disruptions(scene.namespace).evict(pod);
    expect(await scene.end(run)).toMatchObject({ state: 'succeeded', requeues: 1 });
    expect(await lines()).toEqual([...said, ...said, '1', '2']);
  });

  test('may be a commit, and whoever runs there may read it', async () => {
    const served = await server.create('/hello.git');
    await served.commit({ 'app/hello.sh': 'id -u; cat app/greeting; ls -A', 'app/greeting': 'from a commit\n' });
    const source = { git: { url: server.url('/hello.git') } };
    const run = await scene.launch('other', '', {
      ...{ source, baseImage: busybox, entrypoint: ['sh', 'app/hello.sh'], builder: { runtime: '3.11' } },
    });
    expect(await scene.end(run)).toMatchObject({ state: 'succeeded' });
    const lines = await Array.fromAsync(logs(scene.cluster.relaunch, run.workflowId), ({ line }) => line.m);
    expect(lines).toEqual([
      'relaunch: warning: runtime is not used: baseImage has its own',
      ...['4242', 'from a commit', 'app'],
    ]);
  });

  test('is each run’s own where its files are patched, and its pod has what queue, variables, share and submitter say', async () => {
    const lines = [
      'cat conf.json; echo "$OUTPUT $1"',
      'for each in "$RELAUNCH_CONFIG" "$WANDB_CONFIG" "$WANDB_LAUNCH_FILE_OVERRIDES"; do echo "$each"; done',
      `trap 'exit 0' TERM; until [ $1 = --lr=3 ]; do sleep 0.1; done`,
    ];
    const dir = await codeOf('patched', { 'run.sh': lines.join('\n'), 'conf.json': '{ "lr": 1 }' });
    const launch = (lr: number, more: Partial<LaunchSpecInput> = {}) =>
      scene.launch('shared', '', {
        ...{
          source: { code: { dir } },
          baseImage: busybox,
          entrypoint: ['sh', 'run.sh'],
          name: 'digits',
          project: '../a',
        },
        ...{ runConfig: { lr, text: '$(HOME) ${run_id}' }, configAsArgs: 'args', files: { 'conf.json': { lr } } },
        variables: { os: 'linux' },
        ...more,
      });
    const overlay = {
      resources: { requests: { cpu: '20m' } },
      nodeSelector: { 'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch },
      tolerations: [{ key: 'spot', operator: 'Exists' }],
      labels: { group: 'mine' },
    };
    const [held, quick, wanting] = await Promise.all([
      launch(2, { resources: { cpu: '100m', memory: '32Mi' }, resourceArgs: { kubernetes: overlay } }),
      launch(3),
      launch(4, { resources: { gpu: 2 } }),
    ]);
    const { metadata, spec } = await scene.running(held);
    expect(metadata.labels).toMatchObject({
      team: 'a',
      who: 'ada',
      run: held.id,
      group: 'mine',
      'relaunch.dev/queue': 'shared',
    });
    expect(spec).toMatchObject({
      nodeSelector: { 'kubernetes.io/os': 'linux', ...overlay.nodeSelector },
      tolerations: expect.arrayContaining([expect.objectContaining({ key: 'spot' })]) as unknown,
      containers: [
        { resources: { requests: { cpu: '20m', memory: '33554432' }, limits: { cpu: '100m', memory: '33554432' } } },
      ],
    });
    const pod = await until('its pod is there', async () => (await scene.podsOf(wanting, 1))[0]);
    const asked = { memory: '64Mi', 'nvidia.com/gpu': '2' };
    expect(pod.spec).toMatchObject({
      containers: [{ resources: { requests: { cpu: '50m', ...asked }, limits: asked } }],
    });
    for (const { workflowId } of [held, wanting]) await cancel(scene.cluster.relaunch, workflowId, { by: 'ada' });
    for (const [run, lr] of [
      [held, 2],
      [quick, 3],
    ] as const) {
      expect(await scene.end(run)).toMatchObject({ state: 'succeeded' });
      const config = `{"lr":${String(lr)},"text":"$(HOME) \${run_id}"}`;
      expect(await linesOf(scene.cluster, run.workflowId)).toEqual([
        ...[`{ "lr": ${String(lr)} }`, `/out/a/digits \${HOME} --lr=${String(lr)}`],
        ...[config, config, `{"conf.json":{"lr":${String(lr)}}}`],
      ]);
    }
    expect(await scene.end(wanting)).toMatchObject({ state: 'cancelled' });
  });

  test('needs no base image where the agent builds nothing, and what it needs is installed at the start', async () => {
    const python = `mkdir -p "$4/bin" && printf '#!/bin/sh\\ntouch built && echo pip in $PWD' > "$4/bin/pip" && chmod +x "$4/bin/pip"`;
    const dir = await codeOf('installing', {
      'bin/python3': `#!/bin/sh\n${python}\n`,
      'requirements.txt': '.\n',
      'run.sh': 'pwd; ls',
    });
    const run = await scene.launch('code', '', { source: { code: { dir } }, entrypoint: ['sh', 'run.sh'] });
    expect(await scene.end(run)).toMatchObject({ state: 'succeeded' });
    // What comes on two streams comes in any order.
    expect((await linesOf(scene.cluster, run.workflowId)).toSorted()).toEqual([
      '/mnt/relaunch/code',
      ...['bin', 'pip in /tmp/relaunch-code', 'requirements.txt', 'run.sh'],
    ]);
  });

  test('is whole where an agent was killed before it was', async () => {
    const file = await agentFile('killed', ['killed']);
    const hook = { at: 'kubernetes:code-written', do: 'kill' } as const;
    const doomed = await scene.cluster.hookedAgent('killed', ['killed'], hook, { file });
    const dir = await codeOf('killed', { 'run.sh': 'cat whole', whole: 'whole\n' });
    const run = await scene.launch('killed', '', {
      ...{ source: { code: { dir } }, baseImage: busybox, entrypoint: ['sh', 'run.sh'] },
    });
    expect(await doomed.exited).toBe('SIGKILL');
    await scene.cluster.agentOf(file);
    expect(await scene.end(run)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
    expect(await linesOf(scene.cluster, run.workflowId)).toEqual(['whole']);
  });
});

/** An agent that builds nothing, and has the volume. */
async function agentFile(name: string, queues: readonly string[]): Promise<string> {
  const spec = {
    ...{ name, queues, maxJobs: 10, kubernetes: { code: { [claimName]: volume.directory } } },
    builder: { type: 'none', baseImage: busybox },
    git: { [server.host]: { caBundle: server.certificate } },
  };
  const file = join(scene.cluster.home, `${name}.yaml`);
  await writeFile(file, stringify(spec));
  return file;
}

/** A directory of code. */
async function codeOf(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(scene.cluster.home, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text, { mode: 0o755 });
  }
  return directory;
}

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
