import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from '../support/cluster.ts';
import { turnsOf } from '../support/turns.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({ shared: { backend: 'noop', fairness: { weights: { alice: 3 } } } });
}, 120_000);

afterAll(() => cluster.stop());

test('users take turns by their weights, however many runs one has', { timeout: 300_000 }, async () => {
  const first = (await turnsOf(cluster, 'shared', { alice: 36, bob: 20 })).slice(0, 40);
  // 3 of 4 are 30.
  expect(first.filter((user) => user === 'alice').length).toBeGreaterThanOrEqual(27);
  expect(first.filter((user) => user === 'alice').length).toBeLessThanOrEqual(33);
});
