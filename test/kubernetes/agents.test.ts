import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { label } from '../../activities/backends/labels.ts';
import { isTerminal } from '../../activities/backends/kubernetes/objects.ts';
import { cancel, logs, type Run } from '../../client/index.ts';
import { auditLog, byAgent, type Audited } from '../support/audit-log.ts';
import { Disruptions } from '../support/disruptions.ts';
import { onKwok, onRealNode } from '../support/kubernetes-harness.ts';
import { endsWhenResumed, KubernetesScene, resumedOnce } from '../support/kubernetes-scene.ts';
import { linesOf } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const queues = ['before', 'between', 'unrecorded', 'recorded', 'shared'];

let scene: KubernetesScene;
let disruptions: Disruptions;

beforeAll(async () => {
  const patient = { resourceArgs: { kubernetes: onRealNode }, gracePeriod: '20s' };
  const { template } = onKwok.spec;
  const short = { template: { ...template, metadata: { annotations: { 'relaunch.test/seconds': '1' } } } };
  scene = await KubernetesScene.start({
    ...Object.fromEntries(queues.map((name) => [name, patient])),
    short: { resourceArgs: { kubernetes: { spec: short } } },
  });
  disruptions = new Disruptions(scene.namespace);
});

afterAll(() => scene.stop());

const requeuedOnce = {
  state: 'succeeded',
  requeues: 1,
  outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
};

/** As `endsWhenResumed`, and takes a while to save itself when it is told to end. */
const savesItself = `trap 'sleep 4; echo saved; exit 85' TERM; echo ready; [ $RELAUNCH_ATTEMPT = 1 ] || exit 0; while :; do sleep 0.1; done`;

/** One submission for each attempt, and the next one not before nothing of the last is left. */
async function expectOnePodAtATime(run: Run): Promise<void> {
  const log = await auditLog(scene.namespace);
  const created = [1, 2, 3].map((attempt) => created201(log, `${run.id}-a${String(attempt)}`));
  expect(created.map((times) => times.length)).toEqual([1, 1, 0]);
  const last = log.findLast(
    ({ verb, resource, name }) => verb === 'delete' && resource === 'jobs' && name === `${run.id}-a1`,
  );
  expect(last?.atMs).toBeLessThanOrEqual(created[1]?.[0]?.atMs ?? 0);
}

function created201(log: readonly Audited[], job: string): Audited[] {
  return log.filter(
    ({ verb, resource, name, code }) => verb === 'create' && resource === 'jobs' && name === job && code === 201,
  );
}

describe.concurrent('an eviction leads to one requeue', () => {
  test('when the agent was killed before', async () => {
    const agent = await scene.cluster.agent('before-1', ['before'], 5);
    const run = await scene.launch('before', endsWhenResumed, { gracePeriod: '1s' });
    const pod = await scene.running(run);
    agent.child.kill('SIGKILL');
    await agent.exited;
    await disruptions.evict(pod);
    await until('the pod has ended', async () =>
      (await scene.podsOf(run, 1)).every(({ status }) => status?.phase === 'Failed'),
    );
    await scene.cluster.agent('before-2', ['before'], 5);
    expect(await scene.end(run)).toEqual(requeuedOnce);
    expect((await linesOf(scene.cluster, run.workflowId)).at(-1)).toBe(resumedOnce[1]);
    const lines = await Array.fromAsync(logs(scene.cluster.relaunch, run.workflowId), ({ line }) => line.m);
    // What it wrote while nobody was there may have gone with its pod: then the log says so.
    const lost = /^relaunch: the rest of the log of container main of .* cannot be had: /;
    expect(
      lines.some((line) => line === resumedOnce[0] || lost.test(line)),
      lines.join('\n'),
    ).toBe(true);
    await expectOnePodAtATime(run);
  });

  test('when the agent is killed between it and the end of the pod', async () => {
    const agent = await scene.cluster.agent('between-1', ['between'], 5);
    const run = await scene.launch('between', savesItself);
    const pod = await scene.running(run);
    await until('it is ready', async () => (await linesOf(scene.cluster, run.workflowId)).includes('ready'));
    await disruptions.evict(pod);
    agent.child.kill('SIGKILL');
    await agent.exited;
    await scene.cluster.agent('between-2', ['between'], 5);
    expect(await scene.end(run)).toEqual(requeuedOnce);
    await expectOnePodAtATime(run);
  });

  test.each([
    ['unrecorded', 'await:before-record'],
    ['recorded', 'await:after-record'],
  ] as const)('when the agent is killed with the end %s', async (queue, at) => {
    await scene.cluster.hookedAgent(`${queue}-1`, [queue], { at, do: 'kill' }, { maxJobs: 5 });
    const run = await scene.launch(queue, endsWhenResumed, { gracePeriod: '1s' });
    await disruptions.evict(await scene.running(run));
    await until('the agent was killed', async () => (await scene.cluster.reached(`${queue}-1`)) > 0);
    await scene.cluster.agent(`${queue}-2`, [queue], 5);
    expect(await scene.end(run)).toEqual(requeuedOnce);
    expect(await linesOf(scene.cluster, run.workflowId)).toEqual(resumedOnce);
    await expectOnePodAtATime(run);
  });

  test('when one of two agents was killed: the other takes over', async () => {
    const agents = [
      await scene.cluster.agent('shared-1', ['shared'], 5),
      await scene.cluster.agent('shared-2', ['shared'], 5),
    ];
    const runs = await Promise.all(
      [1, 2, 3, 4].map(() => scene.launch('shared', endsWhenResumed, { gracePeriod: '1s' })),
    );
    const pods = await Promise.all(runs.map((run) => scene.running(run)));
    agents[0]?.child.kill('SIGKILL');
    await Promise.all(pods.map((pod) => disruptions.evict(pod)));
    for (const run of runs) {
      expect(await scene.end(run)).toEqual(requeuedOnce);
      await expectOnePodAtATime(run);
    }
  });
});

test.concurrent('two agents have as many runs alive as they may, and no more, whoever follows them', async () => {
  await Promise.all(['short-1', 'short-2'].map((name) => scene.cluster.agent(name, ['short'], 2)));
  let most = 0;
  const counting = setInterval(() => {
    void scene.namespace.pods(`${label.queue}=short`).then((pods) => {
      most = Math.max(most, pods.filter((pod) => !isTerminal(pod)).length);
    });
  }, 100);
  const runs = await Promise.all(Array.from({ length: 16 }, () => scene.launch('short', 'none')));
  for (const run of runs) expect((await scene.end(run)).state).toBe('succeeded');
  clearInterval(counting);
  expect(most).toBe(4);
});

test('the rights of deploy/ are enough for all of this, and each of them is needed', async () => {
  const run = await scene.launch('shared', endsWhenResumed, { gracePeriod: '1s' });
  await scene.running(run);
  await cancel(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
  expect((await scene.end(run)).state).toBe('cancelled');
  const mine = byAgent(await auditLog(scene.namespace), scene.namespace);
  expect(mine.filter(({ code }) => code === 403)).toEqual([]);
  const used = new Set(mine.map(({ verb, resource }) => `${verb} ${resource}`));
  const file = fileURLToPath(new URL('../../deploy/kubernetes/agent-role.yaml', import.meta.url));
  const rules = parseAllDocuments(await readFile(file, 'utf8'))
    .map((document) => document.toJS() as { kind: string; rules?: { resources: string[]; verbs: string[] }[] })
    .flatMap((object) => object.rules ?? []);
  const granted = rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );
  expect(granted.filter((rule) => !used.has(rule))).toEqual([]);
});
