import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { result, show, submit, type Run } from '../../client/index.ts';
import { attemptName } from '../../contracts/names.ts';
import type { Started } from '../support/cluster.ts';
import { shutDownEngine } from '../support/docker-daemon.ts';
import { ImageScene } from '../support/image-scene.ts';
import { until } from '../support/until.ts';

const trainer = fileURLToPath(new URL('../../examples/digits/trainer', import.meta.url));

// They wait for a time-out of half a minute, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let marks: string;
let scene: ImageScene;
let doomedAgent: Started;
/** What a run learns that nothing befalls. */
let learnt: number;
/** The run whose agent is killed: missed after half a minute, in which all the rest happens. */
let orphan: Run;

/** Waits with what it has built, until it may push. */
const startSteady = async () =>
  scene.cluster.hookedAgent(
    'steady',
    ['steady'],
    { at: 'build:after-record', do: 'hold' },
    { file: await scene.agentFile('steady'), maxJobs: 8 },
  );
const startDoomed = async () => scene.cluster.agentOf(await scene.agentFile('doomed', null));

beforeAll(async () => {
  marks = await mkdtemp(join(tmpdir(), 'relaunch-marks-'));
  const args = { volume: [`${trainer}:/trainer:ro`, `${marks}:/marks`] };
  scene = await ImageScene.start(() => ({ steady: args, doomed: args }));
  [doomedAgent] = await Promise.all([startDoomed(), startSteady()]);
}, 120_000);

afterAll(async () => {
  await ImageScene.up();
  await scene.stop();
  await rm(marks, { recursive: true });
});

const ended = ({ workflowId }: Run) => result(scene.cluster.relaunch, workflowId);

/** Learns exactly the same, however often it is interrupted, and leaves a mark each time that it starts. */
const launch = (queue: 'steady' | 'doomed', epochSleepS: number): Promise<Run> =>
  submit(scene.cluster.relaunch, {
    queue,
    source: { image: scene.testbed.images.python },
    entrypoint: ['sh', '-c', 'echo $RELAUNCH_ATTEMPT >> /marks/$RELAUNCH_RUN_ID && exec python3 /trainer/train.py'],
    runConfig: { epochs: 5, train_rows: 400, epoch_sleep: epochSleepS },
  });

const containerOf = ({ id }: Run) => scene.docker.getContainer(attemptName(id, 1));

/** A run that has four of its five seconds before it. */
async function training(queue: 'steady' | 'doomed' = 'steady'): Promise<Run> {
  const run = await launch(queue, 1);
  await until('it trains', async () => (await containerOf(run).logs({ stdout: true })).includes('"epoch": 0'));
  return run;
}

async function expectToHaveLearntAll(run: Run, attempts: object[] = [{ attempt: 1 }]): Promise<void> {
  const end = await ended(run);
  expect(end).toMatchObject({ state: 'succeeded', attempts, summary: { loss: { last: learnt } } });
  const starts = await readFile(join(marks, run.id), 'utf8');
  expect(starts).toBe(attempts.map((_, i) => `${String(i + 1)}\n`).join(''));
}

test('a run goes on whose engine is killed while it trains', async () => {
  const [followed, doomed, undisturbed] = await Promise.all([training(), training('doomed'), launch('steady', 0)]);
  orphan = doomed;
  const { summary } = await ended(undisturbed);
  learnt = summary['loss']?.last ?? expect.fail('it has learnt nothing');
  doomedAgent.child.kill('SIGKILL');
  await Promise.all([doomedAgent.exited, scene.testbed.kill('dockerd')]);
  await ImageScene.up();
  await Promise.all([startDoomed(), expectToHaveLearntAll(followed)]);
  const epochs = (await scene.lines(followed.workflowId)).filter((line) => line.startsWith('{"epoch"'));
  expect(new Set(epochs).size).toBe(epochs.length);
});

test('a run goes on whose engine loses containerd while it trains', async () => {
  const run = await training();
  await scene.testbed.kill('containerd');
  await ImageScene.up();
  await expectToHaveLearntAll(run);
});

test('a run that its engine ended when it was shut down is requeued, and goes on from its checkpoint', async () => {
  const run = await training();
  await shutDownEngine(scene);
  await ImageScene.up();
  const lost = { kind: 'lost', reason: 'runtime-restart', exitCode: 143 };
  await expectToHaveLearntAll(run, [{ outcome: lost }, { outcome: { kind: 'succeeded' } }]);
});

test('a registry that is away for a while delays a push and fails nothing', async () => {
  const code = await scene.code({ Dockerfile: `FROM ${scene.testbed.images.busybox}\nRUN echo ${scene.repository}\n` });
  const run = await scene.launch('steady', code, { dockerfile: 'Dockerfile', entrypoint: ['true'] });
  await until('it is built', async () => (await scene.cluster.reached('steady')) > 0);
  await scene.testbed.kill('open-registry');
  await scene.cluster.letGo('steady');
  const troubles = async () => (await show(scene.cluster.relaunch, run.workflowId)).troubles;
  const message = expect.stringContaining('registry') as string;
  await expect
    .poll(troubles, { timeout: 30_000 })
    .toContainEqual(expect.objectContaining({ activity: 'pushImage', message }));
  await ImageScene.up();
  expect(await ended(run)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
});

test('a run goes on whose agent and engine were both killed while it trained, with the agent’s successor', async () => {
  await expectToHaveLearntAll(orphan);
});
