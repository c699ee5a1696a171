import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { status } from '../../client/index.ts';
import { Disruptions } from '../support/disruptions.ts';
import { onKwok } from '../support/kubernetes-harness.ts';
import { KubernetesScene, withPod } from '../support/kubernetes-scene.ts';
import { addNodes, removeNodes } from '../support/kwok-nodes.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

/** Longer than the runs' start time-out. */
const withoutNodesMs = 15_000;
const startTimeout = '12s';

let scene: KubernetesScene;
const pool = (generation: string): string[] =>
  [1, 2, 3].map((i) => `${scene.namespace.name}-${generation}-${String(i)}`);

beforeAll(async () => {
  scene = await KubernetesScene.start(({ name }) => ({
    spot: {
      resourceArgs: withPod(onKwok, { nodeSelector: { pool: name } }, { resources: { requests: { cpu: '1' } } }),
      timeouts: { start: startTimeout },
    },
  }));
  await scene.cluster.agent('one', ['spot'], 50);
});

afterAll(async () => {
  await removeNodes(scene.namespace.admin, [...pool('old'), ...pool('new')]);
  await scene.stop();
});

test('runs wait for a pool that scales from zero, and go on in the next one when it is taken away', async () => {
  const { admin, name } = scene.namespace;
  const disruptions = new Disruptions(scene.namespace);
  const runs = await Promise.all(Array.from({ length: 20 }, () => scene.launch('spot', 'none')));
  await sleep(withoutNodesMs);
  for (const { workflowId } of runs) {
    const now = await status(scene.cluster.relaunch, workflowId);
    expect(now).toMatchObject({
      state: 'starting',
      attempts: [{ why: expect.stringMatching(/nodes are available/) as string }],
    });
  }

  await addNodes(admin, pool('old'), { pool: name });
  const pods = await Promise.all(runs.map((run) => scene.running(run)));
  await disruptions.drain(pool('old'), pods);
  await until('the nodes are drained', async () => {
    const left = await Promise.all(runs.map((run) => scene.podsOf(run, 1)));
    return left.flat().length === 0;
  });
  await removeNodes(admin, pool('old'));
  await sleep(withoutNodesMs);

  await addNodes(admin, pool('new'), { pool: name });
  await Promise.all(runs.map(async (run) => scene.endOnKwok(await scene.running(run, 2))));
  for (const run of runs) {
    expect(await scene.end(run)).toEqual({
      state: 'succeeded',
      requeues: 1,
      outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'],
    });
  }
});
