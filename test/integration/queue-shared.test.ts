import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueue, preempt, result, show, trafficOf, type Run } from '../../client/index.ts';
import { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import { noopAgent, turnsOf } from '../support/turns.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({
    shared: { backend: 'noop', fairness: { weights: { alice: 3 } } },
    edited: { backend: 'noop' },
    ordered: { gracePeriod: '2s' },
  });
}, 120_000);

afterAll(() => cluster.stop());

test.concurrent('users take turns by their weights, however many runs one has', { timeout: 300_000 }, async () => {
  const first = (await turnsOf(cluster, 'shared', { alice: 36, bob: 20 })).slice(0, 40);
  // 3 of 4 are 30.
  expect(first.filter((user) => user === 'alice').length).toBeGreaterThanOrEqual(27);
  expect(first.filter((user) => user === 'alice').length).toBeLessThanOrEqual(33);
});

test.concurrent(
  'a queue that is edited while fifty runs come and go loses none, resolves none twice, and each says by which version',
  { timeout: 300_000 },
  async () => {
    const { relaunch } = cluster;
    await noopAgent(cluster, 'edited', 2);
    const edits = 5;
    const batches: Run[][] = [];
    for (let edit = 1; edit <= edits; edit++) {
      const spec = { backend: 'noop', description: `edit ${String(edit)}`, maxLive: edit };
      await createQueue(relaunch.store, 'edited', spec, { replace: true });
      const batch = await Promise.all(Array.from({ length: 10 }, () => cluster.shell('edited', 'true')));
      batches.push(batch);
      // Most of them wait, or live.
      await result(relaunch, batch[0]?.workflowId ?? '');
    }
    const seen = batches.map((runs) =>
      runs.map(async ({ workflowId }) => {
        expect(await result(relaunch, workflowId)).toMatchObject({ state: 'succeeded', requeues: 0 });
        const { events } = await relaunch.temporal.workflow.getHandle(workflowId).fetchHistory();
        const scheduled = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
        expect(scheduled.filter((name) => name !== undefined)).toEqual([
          'resolveLaunch',
          'submitAttempt',
          'awaitAttempt',
        ]);
        return (await show(relaunch, workflowId)).queueVersion;
      }),
    );
    const versions = await Promise.all(seen.map((batch) => Promise.all(batch)));
    const newest = versions.at(-1)?.[0];
    expect(newest).toBeDefined();
    expect(new Set(versions.at(-1))).toEqual(new Set([newest]));
    const all = new Set(versions.flat());
    expect(all.has(undefined)).toBe(false);
    expect(all.size).toBeGreaterThan(1);
    expect(all.size).toBeLessThanOrEqual(edits);
  },
);

test.concurrent(
  'runs go by their priority, then by age; one that is requeued is the last of its priority',
  { timeout: 120_000 },
  async () => {
    const { relaunch, home } = cluster;
    await cluster.agent('single', ['ordered'], 1);
    const order = join(home, 'order');
    const submit = async (name: string, priority: 'critical' | 'high' | 'medium' | 'low'): Promise<Run> => {
      const script = `echo ${name}$RELAUNCH_ATTEMPT >> ${order}`;
      const first = `${script}; [ $RELAUNCH_ATTEMPT -gt 1 ] || exec sleep 60`;
      const run = await cluster.shell('ordered', name === 'taken' ? first : script, { priority });
      await sleep(50);
      return run;
    };
    const taken = await submit('taken', 'medium');
    await until('it runs', async () => (await show(relaunch, taken.workflowId)).state === 'running');
    const waiting = [
      await submit('low', 'low'),
      await submit('medium-a', 'medium'),
      await submit('high', 'high'),
      await submit('medium-b', 'medium'),
      await submit('critical', 'critical'),
    ];
    await until('all wait', async () => (await trafficOf(relaunch, 'ordered')).waiting >= waiting.length);
    await preempt(relaunch, taken.workflowId, { by: 'ada' });
    for (const { workflowId } of [taken, ...waiting]) await result(relaunch, workflowId);
    const seen = (await readFile(order, 'utf8')).trim().split('\n');
    expect(seen).toEqual(['taken1', 'critical1', 'high1', 'medium-a1', 'medium-b1', 'taken2', 'low1']);
  },
);
