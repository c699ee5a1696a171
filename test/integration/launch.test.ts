import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  cancel,
  createJob,
  describeJob,
  list,
  logs,
  preempt,
  result,
  show,
  submit,
  type JobSpecInput,
} from '../../client/index.ts';
import { RelaunchError } from '../../contracts/failures.ts';
import { defaultProject, type LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { launchWorkflowType, statusQuery } from '../../contracts/messages.ts';
import { keyedWorkflowId } from '../../contracts/names.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { Cluster, type Started } from '../support/cluster.ts';
import { isRunning } from '../support/process-pids.ts';
import { minorOf, wandbFiles, wandbLaunch, wandbLibrary, wandbLines, wandbSaid } from '../support/wandb-library.ts';

let cluster: Cluster;
let agent: Started;

/** A job that says what its launches may be. */
const strict = 'strict';
const lr = { type: 'number', maximum: 1, required: true } as const;
const inputs: JobSpecInput['inputs'] = {
  type: 'object',
  properties: {
    lr,
    optim: { type: 'object', properties: { name: { type: 'string', enum: ['adam', 'sgd'] } } },
    layers: { type: 'array', items: { type: 'integer', enum: [8, 16] } },
  },
};
const fileInputs: JobSpecInput['fileInputs'] = { 'conf/train.yaml': { type: 'object', properties: { lr } } };

beforeAll(async () => {
  cluster = await Cluster.start(
    { laptop: { gracePeriod: '2s' }, unserved: { defaults: { tags: ['spare'] } }, other: { backend: 'tpu' } },
    { control: false },
  );
  // Here alone `relaunch control` itself: other tests take the workflow code as it was bundled once for all.
  await cluster.controlCommand();
  agent = await cluster.agent('one', ['laptop'], 2);
  const source = { code: { dir: join(cluster.home, 'code') } };
  await createJob(cluster.relaunch.store, { source, entrypoint: ['true'], inputs, fileInputs }, { name: strict });
}, 120_000);

afterAll(() => cluster.stop());

const note = (name: string): string => join(cluster.home, name);

const read = (name: string): Promise<string> => readFile(note(name), 'utf8').catch(() => '');

async function until(workflowId: string, state: string): Promise<void> {
  const handle = cluster.relaunch.temporal.workflow.getHandle(workflowId);
  await expect.poll(async () => (await handle.query(statusQuery)).state, { timeout: 20_000, interval: 50 }).toBe(state);
}

/** Until it stands in its queue: resolved, and its first attempt asked for. */
async function untilWaiting(workflowId: string): Promise<void> {
  const handle = cluster.relaunch.temporal.workflow.getHandle(workflowId);
  await expect.poll(async () => (await handle.query(statusQuery)).attempts.length, { timeout: 20_000 }).toBe(1);
}

async function lines(workflowId: string): Promise<string[]> {
  const all: string[] = [];
  for await (const { line } of logs(cluster.relaunch, workflowId)) all.push(`${line.s} ${line.m}`);
  return all;
}

/** Whether the process that wrote its pid there is gone. */
async function isGone(name: string): Promise<boolean> {
  const pid = Number(await read(name));
  return pid !== 0 && !isRunning(pid);
}

test('a run succeeds: its output, metrics and environment are there, nothing else of it', async () => {
  const run = await cluster.shell(
    'laptop',
    'echo "lr $(echo $RELAUNCH_CONFIG)"; echo oops >&2; echo \'{"loss": 0.5}\'; cat README',
    {
      runConfig: { lr: 0.1 },
      project: 'digits',
    },
  );
  const end = await result(cluster.relaunch, run.workflowId);
  expect(end).toMatchObject({
    state: 'succeeded',
    requeues: 0,
    outcome: { kind: 'succeeded', exitCode: 0 },
    summary: { loss: { last: 0.5 } },
  });
  expect((await lines(run.workflowId)).sort()).toEqual(
    ['stderr oops', 'stdout a directory of code', 'stdout lr {"lr":0.1}', 'stdout {"loss": 0.5}'].sort(),
  );
  const history = await cluster.relaunch.temporal.workflow.getHandle(run.workflowId).fetchHistory();
  expect(history.events?.length).toBeLessThanOrEqual(36);
});

test('a run finds its files patched in each attempt, and its configuration in its arguments', async () => {
  const dir = note('patched');
  await mkdir(dir);
  await writeFile(join(dir, 'train.yaml'), 'lr: 1 # small\nkeep: yes\n');
  const script = 'echo "$@"; cat train.yaml; echo "$WANDB_LAUNCH_FILE_OVERRIDES"; echo x >train.yaml; exit 1';
  const run = await submit(cluster.relaunch, {
    ...{ queue: 'laptop', source: { code: { dir } }, entrypoint: ['sh', '-c', script, 'sh'], args: ['first'] },
    ...{ runConfig: { a: true, b: [1, 'x'] }, configAsArgs: 'args', files: { 'train.yaml': { lr: 2 } }, retries: 1 },
  });
  await result(cluster.relaunch, run.workflowId);
  const each = ["first --a=True --b=[1, 'x']", 'lr: 2 # small', 'keep: yes', '{"train.yaml":{"lr":2}}'];
  expect(await lines(run.workflowId)).toEqual([...each, ...each].map((line) => `stdout ${line}`));
});

test('a file to be patched that is not there ends the run', async () => {
  const run = await submit(cluster.relaunch, {
    ...{ queue: 'laptop', source: { code: { dir: join(cluster.home, 'code') } }, entrypoint: ['true'] },
    files: { 'conf/none.json': { lr: 1 } },
  });
  const { state, failure } = await result(cluster.relaunch, run.workflowId);
  expect(state).toBe('failed');
  expect(failure).toMatchObject({
    type: 'LaunchRejected',
    message: expect.stringContaining('files: conf/none.json is not patched: there is no such file') as string,
  });
});

test('W&B’s own library finds configuration, names, files and artifacts of its run, also when it starts again', async () => {
  const { stdout } = await execa('python3', ['--version']);
  const dir = note('wandb');
  for (const [path, text] of Object.entries(wandbFiles)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const { id, workflowId } = await submit(cluster.relaunch, {
    ...{ queue: 'laptop', source: { code: { dir } } },
    ...{ ...wandbLaunch, env: { ...wandbLaunch.env, PYTHONPATH: await wandbLibrary(minorOf(stdout)) } },
  });
  await result(cluster.relaunch, workflowId);
  const said = (await lines(workflowId)).map((line) => line.replace(/^stdout /, ''));
  expect(wandbSaid(said)).toEqual(wandbLines(id, { onDisk: true }));
});

test('a failure names the exit code and the last words', async () => {
  const run = await cluster.shell('laptop', 'echo "no such file: data.csv" >&2; exit 3');
  const end = await result(cluster.relaunch, run.workflowId);
  expect(end).toMatchObject({
    state: 'failed',
    outcome: { kind: 'failed', cause: 'exit-code', exitCode: 3 },
    failure: { type: 'JobFailed' },
  });
  expect(end.failure?.message).toContain('no such file: data.csv');
});

test('a preempted run goes on from its checkpoint under the same name', async () => {
  const counting = `i=$(cat $RELAUNCH_CHECKPOINT_DIR/i 2>/dev/null || echo 0); trap 'asked=1' TERM
    echo "resumed $RELAUNCH_RESUMED from $i"
    while [ $i -lt 30 ]; do i=$((i+1)); echo $i > $RELAUNCH_CHECKPOINT_DIR/i; echo "{\\"i\\": $i}"; sleep 0.1
    [ -z "$asked" ] || exit 143; done`;
  const run = await cluster.shell('laptop', counting);
  await until(run.workflowId, 'running');
  await preempt(cluster.relaunch, run.workflowId, { by: 'ada', reason: 'needs the GPU' });
  const end = await result(cluster.relaunch, run.workflowId);
  expect(end).toMatchObject({
    state: 'succeeded',
    requeues: 1,
    attempts: [{ outcome: { kind: 'preempted', reason: 'requested', by: 'ada' } }, { outcome: { kind: 'succeeded' } }],
  });
  const counted = (await lines(run.workflowId)).flatMap((line) => /"i": (\d+)/.exec(line)?.[1] ?? []);
  expect(counted.map(Number)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
});

test('a run of a job keeps its version when it is preempted while the alias moves', async () => {
  const source = { code: { dir: join(cluster.home, 'code') } };
  const create = (word: string) => {
    const entrypoint = ['sh', '-c', `echo ${word} $RELAUNCH_CONFIG; [ $RELAUNCH_ATTEMPT = 2 ] || sleep 60`];
    const naming = { project: 'vision', name: 'digits', aliases: ['prod'] };
    return createJob(cluster.relaunch.store, { source, entrypoint, runConfig: { lr: 0.1, word } }, naming);
  };
  await create('first');
  const asked = { queue: 'laptop', source: { job: 'vision/digits:prod' }, runConfig: { lr: 0.2 } };
  const run = await submit(cluster.relaunch, asked);
  await until(run.workflowId, 'running');
  expect(await create('second')).toMatchObject({ id: 'vision/digits:v1', isNew: true });
  await preempt(cluster.relaunch, run.workflowId, {});
  const end = await result(cluster.relaunch, run.workflowId);
  expect(end).toMatchObject({ state: 'succeeded', requeues: 1, job: 'vision/digits:v0' });
  expect(await lines(run.workflowId)).toEqual(Array(2).fill('stdout first {"lr":0.2,"word":"first"}'));
  const { code, output } = await cluster.run(
    ...['launch', '-q', 'laptop', '-j', 'vision/digits:prod', '--set', 'lr=0.3', '--json'],
    ...['-E', 'sh -c "echo third $RELAUNCH_CONFIG"'],
  );
  expect(code).toBe(0);
  const { workflowId } = JSON.parse(output) as { workflowId: string };
  await result(cluster.relaunch, workflowId);
  expect(await lines(workflowId)).toEqual(['stdout third {"lr":0.3,"word":"second"}']);
  expect(await show(cluster.relaunch, workflowId)).toMatchObject({
    ...{ name: 'digits', project: 'vision', job: 'vision/digits', end: { job: 'vision/digits:v1' } },
  });
  const runs = async () => (await list(cluster.relaunch, { job: 'vision/digits' })).map((row) => row.workflowId);
  await expect.poll(async () => (await runs()).sort()).toEqual([run.workflowId, workflowId].sort());
});

test('a job that is not there is refused before anything is started', async () => {
  await expect(submit(cluster.relaunch, { queue: 'laptop', source: { job: 'nothing' } })).rejects.toThrow(
    /job uncategorized\/nothing does not exist in file:.*; project uncategorized has: strict/,
  );
});

test.each<[string, Partial<LaunchSpecInput>, string]>([
  ['a value out of bounds', { runConfig: { lr: 2 } }, 'runConfig.lr is 2: a number, at most 1'],
  ['a value that is missing', { runConfig: {} }, 'runConfig.lr is missing: a number, at most 1'],
  [
    'several, in maps and lists',
    { runConfig: { lr: 1, optim: { name: 'lion' }, layers: [8, 9] } },
    'runConfig.optim.name is "lion": a text, one of adam, sgd\nrunConfig.layers is [8,9]: a list, some of 8, 16',
  ],
  [
    'a patch out of bounds',
    { files: { 'conf/train.yaml': { lr: '2' } } },
    'files.conf/train.yaml.lr is "2": a number, at most 1',
  ],
  ['a patch of no file', { files: { '../x.json': {} } }, 'files.../x.json is {}: a path within the source: relative, without "." or ".."'], // prettier-ignore
  ['a patch of another kind of file', { files: { 'x.toml': {} } }, 'files.x.toml is {}: a JSON or YAML file: .json, .yaml or .yml'], // prettier-ignore
  ['a patch that is no map', { files: { 'x.json': [1] as never } }, 'files.x.json is [1]: a map: what changes in the file'], // prettier-ignore
])(
  'what a job does not allow is refused in the same words with a client and without (T110): %s',
  async (what, said, words) => {
    const launch = { queue: 'laptop', source: { job: strict }, runConfig: { lr: 0.1 }, ...said };
    const refused = `the launch was refused, nothing was started:\n${words}`;
    await expect(submit(cluster.relaunch, launch)).rejects.toThrow(new RelaunchError('LaunchRejected', refused));
    const workflowId = `by-hand-${what.replaceAll(/\W/g, '-')}`;
    await cluster.relaunch.temporal.workflow.start(launchWorkflowType, {
      ...{ workflowId, taskQueue: controlTaskQueue },
      args: [launch],
    });
    const { attempts, failure } = await result(cluster.relaunch, workflowId);
    expect({ attempts, failure }).toEqual({ attempts: [], failure: { type: 'LaunchRejected', message: words } });
  },
);

test('a queue that is not there is refused with those that are, and nothing is queued (T10)', async () => {
  const launched = cluster.shell('lapdog', 'true', {}, { key: 'nowhere' });
  await expect(launched).rejects.toThrow(
    /queue "lapdog" does not exist in file:.*; there are: laptop, other, unserved/,
  );
  await expect(show(cluster.relaunch, keyedWorkflowId(defaultProject, 'nowhere'))).rejects.toThrow('there is no run');
});

test('an image that is launched is recorded as a job, and nothing of it is uploaded', async () => {
  const { relaunch } = cluster;
  const before = await relaunch.store.list('code/');
  const launch = (project?: string) =>
    submit(relaunch, {
      ...{ queue: 'laptop', source: { image: 'registry.example/team/train:1.2' } },
      ...(project === undefined ? {} : { project }),
    });
  expect((await launch('vision')).job).toBe('vision/job-registry.example_team_train:v0');
  expect(await describeJob(relaunch.store, 'vision/job-registry.example_team_train:1.2')).toMatchObject({
    record: { job: { source: { image: 'registry.example/team/train:1.2' } } },
  });
  // W&B's T15: without a project it is queued, too.
  expect((await launch()).job).toBe('uncategorized/job-registry.example_team_train:v0');
  const elsewhere = await launch('no word');
  expect(elsewhere.job).toBeUndefined();
  expect(elsewhere.notes).toEqual([
    expect.stringMatching(/^no job is recorded of the image: project is "no word": at most/),
  ]);
  expect(await relaunch.store.list('code/')).toEqual(before);
});

test('cancel while queued: no attempt is made', async () => {
  const run = await cluster.shell('unserved', 'true');
  // W&B's T11.
  expect(run.notes).toEqual(['by the defaults of queue "unserved": tags is ["spare"]']);
  const started = performance.now();
  await cancel(cluster.relaunch, run.workflowId, { by: 'ada', reason: 'wrong data' });
  const end = await result(cluster.relaunch, run.workflowId);
  expect(end).toMatchObject({ state: 'cancelled', attempts: [] });
  expect(performance.now() - started).toBeLessThan(4_000);
  // W&B's T12.
  for (const again of [cancel, preempt])
    await expect(again(cluster.relaunch, run.workflowId, {})).rejects.toThrow(
      `"${run.workflowId}" has ended already: cancelled.`,
    );
});

test('cancel while running: TERM, and nothing is left within the grace period and 2 s', async () => {
  const run = await cluster.shell('laptop', `trap '' TERM; echo $$ > ${note('stubborn')}; while :; do sleep 0.1; done`);
  await until(run.workflowId, 'running');
  const started = performance.now();
  await cancel(cluster.relaunch, run.workflowId, { by: 'ada', reason: 'wrong data' });
  const end = await result(cluster.relaunch, run.workflowId);
  expect(performance.now() - started).toBeLessThan(4_000);
  expect(end).toMatchObject({ state: 'cancelled', outcome: { kind: 'cancelled', by: 'ada', reason: 'wrong data' } });
  expect(await isGone('stubborn')).toBe(true);
  expect((await show(cluster.relaunch, run.workflowId)).state).toBe('cancelled');
});

test('cancel while backing off: no further attempt', async () => {
  const run = await cluster.shell('laptop', `echo x >> ${note('attempts')}; exit 3`, { retries: 5 });
  await until(run.workflowId, 'preempted');
  await cancel(cluster.relaunch, run.workflowId, {});
  expect((await result(cluster.relaunch, run.workflowId)).state).toBe('cancelled');
  expect(await read('attempts')).toBe('x\nx\n');
});

test("Temporal's own cancel does the same", async () => {
  const run = await cluster.shell('laptop', `echo $$ > ${note('by-temporal')}; exec sleep 60`);
  await until(run.workflowId, 'running');
  await cluster.relaunch.temporal.workflow.getHandle(run.workflowId).cancel();
  expect((await result(cluster.relaunch, run.workflowId)).state).toBe('cancelled');
  expect(await isGone('by-temporal')).toBe(true);
});

test('a run waits in its queue behind those that were there before it came back', async () => {
  const order = note('order');
  const busy = await cluster.shell('laptop', 'sleep 60');
  const first = await cluster.shell('laptop', `echo first >> ${order}; [ $RELAUNCH_ATTEMPT = 2 ] || sleep 60`);
  await until(first.workflowId, 'running');
  await until(busy.workflowId, 'running');
  const others = [];
  for (const name of ['second', 'third']) {
    const run = await cluster.shell('laptop', `echo ${name} >> ${order}; sleep 0.2`);
    others.push(run);
    await untilWaiting(run.workflowId);
  }
  await preempt(cluster.relaunch, first.workflowId, {});
  await Promise.all([first, ...others].map(({ workflowId }) => result(cluster.relaunch, workflowId)));
  expect(await read('order')).toBe('first\nsecond\nthird\nfirst\n');
  await cancel(cluster.relaunch, busy.workflowId, {});
  await result(cluster.relaunch, busy.workflowId);
});

test('an agent told to stop leaves its runs alone within 10 s, and the next one finds them', async () => {
  const run = await cluster.shell(
    'laptop',
    `echo $$ >> ${note('handed')}; for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done`,
  );
  await until(run.workflowId, 'running');
  const started = performance.now();
  agent.child.kill('SIGTERM');
  expect(await agent.exited).toBe(0);
  expect(performance.now() - started).toBeLessThan(10_000);
  agent = await cluster.agent('one', ['laptop'], 2);
  const end = await result(cluster.relaunch, run.workflowId);
  expect(end).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  expect((await read('handed')).trim().split('\n')).toHaveLength(1);
  expect(await lines(run.workflowId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => `stdout ${String(i)}`));
});

test('two agents of one name: the second is refused in words', async () => {
  const { code, output } = await cluster.run('agent', '--name', 'one', '-q', 'laptop');
  expect(code).not.toBe(0);
  expect(output).toContain('an agent named "one" runs already');
});

test.concurrent.each([
  ['queue that does not exist', 'gpu', /queue "gpu" does not exist.*there are: laptop, other, unserved/s],
  [
    'resource type that there is not (T2)',
    'other',
    /queue "other": backend "tpu" is not known here, only process, docker, kubernetes/,
  ],
])('an agent of a %s is told which there are', async (_, queue, sentence) => {
  const { code, output } = await cluster.run('agent', '--name', queue, '-q', queue);
  expect(code).toBeGreaterThan(0);
  expect(output).toMatch(sentence);
});
