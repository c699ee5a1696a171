import { afterAll, expect, test } from 'vitest';
import { openLogWriter, type LogWriter } from '../../store/log-writer.ts';
import type { Store } from '../../store/store.ts';
import { failing } from '../support/failing-store.ts';
import { attempt, logScratch, never, out, run, storedMetrics, storedText } from '../support/log-scratch.ts';

const { newStore, remove } = await logScratch();
afterAll(remove);

/** What the job writes; every third line a metric. A cursor is the number of lines before it. */
const job = Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? `{"loss":${String(24 - i)}}` : `line ${String(i)}`));
const flushed = new Set([4, 5, 11, 17, 23]);

const open = (store: Store) => openLogWriter(store, run, attempt, never);

/** Follows the job from where the writer is, up to `lines`. */
async function follow(writer: LogWriter, lines = job.length): Promise<void> {
  for (let i = Number(writer.cursor ?? '0'); i < lines; i++) {
    await writer.line(out(job[i] ?? '', i), String(i + 1));
    if (flushed.has(i)) await writer.flush();
  }
}

async function expectAllOnce(store: Store, writer: LogWriter): Promise<void> {
  expect(await storedText(store)).toEqual(job);
  expect((await storedMetrics(store)).map(({ values }) => values.loss)).toEqual([24, 21, 18, 15, 12, 9, 6, 3]);
  expect(writer.summary()).toEqual({ loss: { last: 3, min: 3, max: 24 } });
}

test.each(Array.from({ length: job.length + 1 }, (_, i) => i))(
  'a follower that dies after line %i loses and doubles nothing',
  async (lines) => {
    const store = await newStore();
    await follow(await open(store), lines);
    const second = await open(store);
    await follow(second);
    await second.end();
    await expectAllOnce(store, second);
  },
);

const writes = await (async () => {
  const counted = failing(await newStore());
  const writer = await open(counted.store);
  await follow(writer);
  await writer.end();
  return counted.writes();
})();

const crashes = Array.from({ length: writes }, (_, i) => i + 1).flatMap((at) => [
  { at, done: false },
  { at, done: true },
]);

test.each(crashes)(
  'a store that is lost at write $at (done: $done) loses and doubles nothing for the next follower',
  async ({ at, done }) => {
    const real = await newStore();
    const broken = failing(real);
    const first = await open(broken.store);
    broken.breakAt(at, done);
    await expect(follow(first).then(() => first.end())).rejects.toMatchObject({ type: 'StoreUnavailable' });
    const second = await open(real);
    expect(second.cursor).toSatisfy((cursor) => Number(cursor ?? '0') >= Number(first.cursor ?? '0'));
    await follow(second);
    await second.end();
    await expectAllOnce(real, second);
  },
);

test.each(crashes)(
  'a store that is back after it was lost at write $at (done: $done) gets the same from the same writer',
  async ({ at, done }) => {
    const real = await newStore();
    const broken = failing(real);
    const writer = await open(broken.store);
    broken.breakAt(at, done);
    for (let i = 0; i < job.length; i++) {
      await writer.line(out(job[i] ?? '', i), String(i + 1)).catch(async () => {
        broken.repair();
        await writer.line(out(job[i] ?? '', i), String(i + 1));
      });
      if (flushed.has(i)) await writer.flush().catch(() => undefined);
    }
    broken.repair();
    await writer.end();
    await expectAllOnce(real, writer);
  },
);

test('two followers at once: one is told, and together they lose and double nothing', async () => {
  const store = await newStore();
  const [first, second] = [await open(store), await open(store)];
  await follow(first, 8);
  for (const i of [0, 1, 2]) await second.line(out(job[i] ?? '', i), String(i + 1));
  await expect(second.flush()).rejects.toMatchObject({
    type: 'StoreUnavailable',
    message: expect.stringContaining('another follower') as string,
  });
  await second.close();
  await first.close();
  const third = await open(store);
  await follow(third);
  await third.end();
  await expectAllOnce(store, third);
});
