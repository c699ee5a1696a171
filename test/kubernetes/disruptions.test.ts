import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { label } from '../../activities/backends/labels.ts';
import { cancel, remove, result, show, type Run } from '../../client/index.ts';
import { Disruptions } from '../support/disruptions.ts';
import { onKwok, onRealNode } from '../support/kubernetes-harness.ts';
import { endsWhenResumed, KubernetesScene, resumedOnce, withPod } from '../support/kubernetes-scene.ts';
import { addNodes, removeNodes } from '../support/kwok-nodes.ts';
import { linesOf, untilStatus } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000, maxConcurrency: 10 });

/** What is done to a node would hurt other tests: each of these queues has one that nobody else knows. */
const onOwnNodes = ['bid', 'tainted', 'removed', 'drained', 'removedToo'] as const;
const nodeOf = (queue: string): string => `${scene.namespace.name}-${queue.toLowerCase()}`;

let scene: KubernetesScene;
let disruptions: Disruptions;

beforeAll(async () => {
  const onNode = (pool: string, cpu = '100m') => ({
    resourceArgs: withPod(onKwok, { nodeSelector: { pool } }, { resources: { requests: { cpu } } }),
  });
  scene = await KubernetesScene.start(({ name }) => ({
    ...Object.fromEntries(onOwnNodes.map((queue) => [queue, onNode(`${name}-${queue.toLowerCase()}`)])),
    bid: onNode(`${name}-bid`, '5'),
    removedToo: { ...onNode(`${name}-removedtoo`), requeue: { on: ['DeletionByPodGC'] } },
    big: { resourceArgs: withPod(onRealNode, {}, { resources: { requests: { cpu: '1500m' } } }) },
    wrong: { resourceArgs: withPod(onRealNode, { contaners: [] }) },
    patient: { resourceArgs: { kubernetes: onRealNode }, gracePeriod: '20s' },
  }));
  for (const queue of onOwnNodes) await addNodes(scene.namespace.admin, [nodeOf(queue)], { pool: nodeOf(queue) });
  disruptions = new Disruptions(scene.namespace);
  const queues = ['real', 'kwok', 'big', 'wrong', 'patient', ...onOwnNodes];
  await scene.cluster.agent('one', queues, 50);
});

afterAll(async () => {
  await removeNodes(scene.namespace.admin, onOwnNodes.map(nodeOf));
  await scene.stop();
});

const nothingLeft = async ({ id }: Run): Promise<void> => {
  await until(`nothing is left of ${id}`, async () => {
    const left = [...(await scene.namespace.pods(`${label.run}=${id}`)), ...(await scene.namespace.jobs())];
    return !left.some(({ metadata }) => metadata.labels?.[label.run] === id);
  });
};

/** The words with which a run failed. */
const failureOf = async ({ workflowId }: Run): Promise<string> => {
  const { failure } = await result(scene.cluster.relaunch, workflowId);
  return failure?.message ?? '';
};

const requeued = (reason: string) => ({
  state: 'succeeded',
  requeues: 1,
  outcomes: [`preempted ${reason}`, 'succeeded'],
});

describe.concurrent('a run is requeued once, and resumes,', () => {
  test('when its pod is evicted, which a disruption budget had forbidden for a while', async () => {
    const run = await scene.launch('real', endsWhenResumed);
    const pod = await scene.running(run);
    const allow = await disruptions.forbidEvictions({ [label.run]: run.id });
    await until('the budget holds', async () => (await disruptions.evict(pod)) === 429);
    await allow();
    expect(await disruptions.evict(pod)).toBe(201);
    expect(await scene.end(run)).toEqual(requeued('EvictionByEvictionAPI'));
    expect(await linesOf(scene.cluster, run.workflowId)).toEqual(resumedOnce);
    await nothingLeft(run);
  });

  test('when it saved itself at the eviction, with an exit code of its own', async () => {
    const saves = `trap 'echo saved; exit 85' TERM; echo ready; [ $RELAUNCH_ATTEMPT = 1 ] || exit 0; while :; do sleep 0.1; done`;
    const run = await scene.launch('patient', saves);
    const pod = await scene.running(run);
    await until('it is ready', async () => (await linesOf(scene.cluster, run.workflowId)).includes('ready'));
    await disruptions.evict(pod);
    expect(await scene.end(run)).toEqual(requeued('EvictionByEvictionAPI'));
    expect(await linesOf(scene.cluster, run.workflowId)).toEqual(['ready', 'saved', 'ready']);
  });

  test('when the scheduler gives its place to another', async () => {
    const run = await scene.launch('bid', 'none', { requeue: { max: 1 } });
    await scene.running(run);
    await disruptions.outbid('6', nodeOf('bid'));
    const status = await untilStatus(
      scene.cluster,
      run.workflowId,
      'is requeued',
      ({ attempts }) => attempts.length === 2,
    );
    expect(status.attempts[0]?.outcome).toMatchObject({ kind: 'preempted', reason: 'PreemptionByScheduler' });
    const waiting = await untilStatus(
      scene.cluster,
      run.workflowId,
      'waits for a place',
      ({ attempts }) => attempts[1]?.agent !== undefined,
    );
    expect(waiting.state).not.toBe('running');
    await cancel(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
    expect((await scene.end(run)).state).toBe('cancelled');
    await nothingLeft(run);
  });

  test('when it was evicted, and its node died before it had ended: that was still a drain', async () => {
    const run = await scene.launch('drained', 'none');
    const pod = await scene.running(run);
    await scene.hangOnKwok(pod);
    await disruptions.evict(pod);
    const bringBack = await disruptions.removeNode(pod.spec?.nodeName ?? '');
    await until(
      'its pod is given up',
      async () => (await scene.podsOf(run, 1)).every(({ status }) => status?.phase !== 'Running'),
      150_000,
    );
    await bringBack();
    await scene.endOnKwok(await scene.running(run, 2));
    expect(await scene.end(run)).toEqual(requeued('EvictionByEvictionAPI'));
  });

  test('when its node was removed, where its queue says so', async () => {
    const run = await scene.launch('removedToo', 'none');
    const pod = await scene.running(run);
    const bringBack = await disruptions.removeNode(pod.spec?.nodeName ?? '');
    await until(
      'its pod is given up',
      async () => (await scene.podsOf(run, 1)).every(({ status }) => status?.phase === 'Failed'),
      150_000,
    );
    await bringBack();
    await scene.endOnKwok(await scene.running(run, 2));
    expect(await scene.end(run)).toEqual(requeued('DeletionByPodGC'));
  });
});

describe.concurrent('a run is not requeued', () => {
  test('when it ended with exit code 0 although it was evicted', async () => {
    const run = await scene.launch('patient', `trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done`);
    const pod = await scene.running(run);
    await until('it is ready', async () => (await linesOf(scene.cluster, run.workflowId)).includes('ready'));
    await disruptions.evict(pod);
    expect(await scene.end(run)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
  });

  test.each([
    ['exit 3', 'failed exit-code'],
    ['kill -KILL $$ & exit 137', 'failed exit-code'],
  ])('when it fails by itself: %s', async (script, outcome) => {
    const run = await scene.launch('real', script);
    expect(await scene.end(run)).toEqual({ state: 'failed', requeues: 0, outcomes: [outcome] });
    await nothingLeft(run);
  });

  test('when somebody deletes its pod', async () => {
    const run = await scene.launch('real', endsWhenResumed);
    await disruptions.deletePod(await scene.running(run));
    expect(await scene.end(run)).toEqual({ state: 'failed', requeues: 0, outcomes: ['lost deleted-externally'] });
    await nothingLeft(run);
  });

  test('when somebody deletes its Job', async () => {
    const run = await scene.launch('real', endsWhenResumed);
    await scene.running(run);
    const job = await scene.jobOf(run);
    if (job !== undefined) await disruptions.deleteJob(job);
    expect(await scene.end(run)).toEqual({ state: 'failed', requeues: 0, outcomes: ['lost deleted-externally'] });
    await nothingLeft(run);
  });

  test('when its node is tainted, unless its queue says so', async () => {
    const run = await scene.launch('tainted', 'none');
    const pod = await scene.running(run);
    const takeBack = await disruptions.taint(pod.spec?.nodeName ?? '');
    expect(await scene.end(run)).toEqual({
      state: 'failed',
      requeues: 0,
      outcomes: ['preempted DeletionByTaintManager'],
    });
    await takeBack();
    await nothingLeft(run);
  });

  test('when its node was removed, unless its queue says so', async () => {
    const run = await scene.launch('removed', 'none');
    const bringBack = await disruptions.removeNode((await scene.running(run)).spec?.nodeName ?? '');
    expect(await scene.end(run)).toEqual({ state: 'failed', requeues: 0, outcomes: ['preempted DeletionByPodGC'] });
    await bringBack();
    await nothingLeft(run);
  });

  test('when it is suspended and goes on later, as under Kueue: that is the same attempt', async () => {
    const run = await scene.launch('kwok', 'none');
    await scene.running(run);
    const job = await scene.jobOf(run);
    if (job === undefined) throw new Error('it has no Job');
    await disruptions.suspend(job, true);
    await untilStatus(
      scene.cluster,
      run.workflowId,
      'waits',
      ({ state, attempts }) => state === 'starting' && attempts[0]?.why === 'its Job is suspended',
    );
    await until('its pod is gone', async () => (await scene.podsOf(run, 1)).length === 0);
    await disruptions.suspend(job, false);
    await scene.endOnKwok(await scene.running(run));
    expect(await scene.end(run)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
    await nothingLeft(run);
  });

  test('when it is cancelled, also by an eviction at the same time', async () => {
    const run = await scene.launch('real', endsWhenResumed);
    const pod = await scene.running(run);
    await Promise.all([cancel(scene.cluster.relaunch, run.workflowId, { by: 'ada' }), disruptions.evict(pod)]);
    expect((await scene.end(run)).state).toBe('cancelled');
    await nothingLeft(run);
  });

  test('when it is deleted', async () => {
    const run = await scene.launch('real', endsWhenResumed);
    await scene.running(run);
    await remove(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
    await nothingLeft(run);
    await expect(show(scene.cluster.relaunch, run.workflowId)).rejects.toThrow();
  });

  test('when its image cannot be had, which the kubelet says', { timeout: 240_000 }, async () => {
    const run = await scene.launch('real', 'true', { source: { image: 'relaunch.test/nope:1' } });
    expect(await scene.end(run)).toEqual({ state: 'failed', requeues: 0, outcomes: ['failed image-pull'] });
    await nothingLeft(run);
  });

  test('when the API server refuses its Job, which says why', async () => {
    const run = await scene.launch('wrong', 'true');
    const error = await failureOf(run);
    expect(error).toMatch(/strict decoding error: unknown field "spec.template.spec.contaners"/);
    expect(error).toMatch(/queue "wrong"/);
  });
});

describe('a kubelet that makes place for a pod that the node cannot do without', () => {
  test('preempts a run, which is requeued', async () => {
    const run = await scene.launch('big', endsWhenResumed);
    const pod = await scene.running(run);
    const takeBack = await disruptions.demandNode('1', pod.spec?.nodeName ?? '');
    await untilStatus(scene.cluster, run.workflowId, 'is requeued', ({ attempts }) => attempts.length === 2);
    await takeBack();
    expect(await scene.end(run)).toEqual(requeued('TerminationByKubelet'));
    expect(await linesOf(scene.cluster, run.workflowId)).toEqual(resumedOnce);
  });
});
