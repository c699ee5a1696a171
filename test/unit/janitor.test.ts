import type { Client } from '@temporalio/client';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { keyOf } from '../../store/layout.ts';
import { writeRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { Janitor } from '../../workers/janitor.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { queue } from '../support/activity-workflow.ts';

let harness: ActivityHarness;
let janitor: Janitor;
/** What Temporal has. */
let workflows: Set<string>;
let listings: number;
let reads: string[];

beforeAll(async () => {
  harness = await activityHarness();
  await harness.writeQueue('backend: process');
});
afterAll(() => harness.cleanup());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  [workflows, listings, reads] = [new Set(), 0, []];
  janitor = janitorOf(harness.store);
});
afterEach(() => {
  vi.useRealTimers();
});

function janitorOf({ folders, get, ...store }: Store): Janitor {
  const read = (key: string) => {
    reads.push(key);
    return get(key);
  };
  const list = (prefix: string) => {
    listings++;
    return folders(prefix);
  };
  const find = (id: string) => Promise.resolve(workflows.has(id) ? { open: false, firstRunId: 'first' } : undefined);
  const needs = harness.needs({
    store: { ...store, get: read, folders: list },
    backends: [],
    ownWorkflow: { ...harness.workflowState, find },
  });
  const known = { list: () => Array.from(workflows, (workflowId) => ({ workflowId })) };
  const logger = new DefaultLogger('ERROR');
  return new Janitor(needs, { workflow: known } as unknown as Client, {
    namespace: 'default',
    queues: [queue],
    logger,
  });
}

async function look(afterMs = 10_000): Promise<void> {
  vi.setSystemTime(Date.now() + afterMs);
  await janitor.tidyRuns();
}

const isRecorded = async (run: string): Promise<boolean> => (await harness.store.list(keyOf.run(run))).length > 0;

async function launched(): Promise<string> {
  const { run } = await harness.launched('exit 0');
  return run;
}

test('a deleted run that was there at one look is removed at the next, for which no run is listed', async () => {
  const [stays, goes] = [await launched(), await launched()];
  for (const run of [stays, goes]) workflows.add(run);
  await look();
  expect(listings).toBe(1);
  workflows.delete(goes);
  await look();
  expect(await Promise.all([stays, goes].map(isRecorded))).toEqual([true, false]);
  expect(listings).toBe(1);
});

test('a run that was launched and deleted between two looks is removed within a minute', async () => {
  await look();
  const run = await launched();
  await look(50_000);
  expect(await isRecorded(run)).toBe(true);
  await look();
  expect(await isRecorded(run)).toBe(false);
});

test('what others began to remove and did not is removed', async () => {
  const run = await launched();
  const lease = { hostId: 'elsewhere', pid: 1, renewedAt: new Date().toISOString() };
  await harness.store.put(keyOf.removal(run), Buffer.from(JSON.stringify(lease)));
  await look();
  await look(30_000);
  expect(await isRecorded(run)).toBe(true);
  await look(15_000);
  expect(await isRecorded(run)).toBe(true);
  await look(6_000);
  expect([listings, await isRecorded(run)]).toEqual([1, false]);
});

test.each([
  [1, 60],
  [2_500, 20],
  [12_000, 6],
])('%i runs that stay are listed %i times in an hour', async (count, times) => {
  workflows = new Set(Array.from({ length: count }, (_, i) => `kept-${String(i)}`));
  janitor = janitorOf({ ...harness.store, folders: () => Promise.resolve([...workflows]) });
  for (let minute = 0; minute < 60; minute++) await look(60_000);
  expect(listings).toBe(times);
});

test('of a sweep that stays the plan is read once; when it is deleted, it is removed', async () => {
  const [source, key] = [{ image: 'train:1' }, keyOf.sweepPlan('digits')];
  const plan = { sweep: 'digits', workflowId: 'digits', entity: 'default', queue, numWorkers: 1, maxWorkers: 1 };
  await writeRecord(harness.store, key, { ...plan, source, trialsDigest: 'x', spec: {} });
  workflows.add('digits');
  for (let minute = 0; minute < 3; minute++) await janitor.tidySweeps();
  expect(reads).toEqual([key]);
  workflows.delete('digits');
  await janitor.tidySweeps();
  expect(await harness.store.has(key)).toBe(false);
});
