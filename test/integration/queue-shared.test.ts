import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueue, result, show, type Run } from '../../client/index.ts';
import { Cluster } from '../support/cluster.ts';
import { noopAgent, turnsOf } from '../support/turns.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({
    shared: { backend: 'noop', fairness: { weights: { alice: 3 } } },
    edited: { backend: 'noop' },
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
