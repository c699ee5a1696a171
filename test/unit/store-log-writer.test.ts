import { afterAll, expect, test, vi } from 'vitest';
import { keyOf } from '../../store/layout.ts';
import { openLogWriter } from '../../store/log-writer.ts';
import { failing } from '../support/failing-store.ts';
import {
  attempt,
  logScratch,
  never,
  out,
  run,
  storedLines,
  storedMetrics,
  storedText,
} from '../support/log-scratch.ts';

const { newStore, remove } = await logScratch();
afterAll(remove);

test('lines come back as they were, with their stream and container; only the last of an object carries a cursor', async () => {
  const store = await newStore();
  const writer = await openLogWriter(store, run, attempt, never);
  const lines = [
    { t: '2026-01-01T00:00:00.000Z', s: 'stdout', m: 'ü \u001b[31m"red"\t' },
    { t: '2026-01-01T00:00:01.000Z', s: 'stderr', c: 'sidecar', m: '' },
  ] as const;
  for (const [i, line] of lines.entries()) await writer.line(line, `after ${String(i)}`);
  expect(writer.cursor).toBeUndefined();
  await writer.flush();
  expect(writer.cursor).toBe('after 1');
  expect(await storedLines(store)).toEqual([lines[0], { ...lines[1], cursor: 'after 1' }]);
});

test('a line is stored soon, also when no other follows', async () => {
  const store = await newStore();
  const writer = await openLogWriter(store, run, attempt, { maxWaitMs: 20 });
  await writer.line(out('alone'), 'c');
  await vi.waitFor(async () => {
    expect(await storedText(store)).toEqual(['alone']);
  });
  await writer.close();
});

test('a mebibyte is stored at once', async () => {
  const store = await newStore();
  const writer = await openLogWriter(store, run, attempt, never);
  for (let i = 0; i < 40; i++) await writer.line(out('x'.repeat(60_000)), String(i));
  await vi.waitFor(async () => {
    expect(await store.list(keyOf.logs(run, attempt))).toHaveLength(2);
  });
  const sizes = await Promise.all(
    [1, 2].map(async (n) => (await store.get(keyOf.log(run, attempt, n)))?.bytes.length ?? 0),
  );
  for (const size of sizes) expect(Math.abs(size - 1_048_576)).toBeLessThan(64_000);
  await writer.close();
  expect(await storedLines(store)).toHaveLength(40);
});

test('the end is marked; closing without one leaves the log open, and takes no more', async () => {
  const store = await newStore();
  const first = await openLogWriter(store, run, attempt, never);
  await first.line(out('one'), '1');
  await first.close();
  await first.close();
  await expect(first.line(out('late'), '2')).rejects.toThrow('after the end');
  expect(await store.has(keyOf.logEnd(run, attempt))).toBe(false);
  const second = await openLogWriter(store, run, attempt, { ...never, now: () => 0 });
  expect(second.cursor).toBe('1');
  await second.line(out('two'), '2');
  await second.end();
  await second.close();
  expect(Buffer.from((await store.get(keyOf.logEnd(run, attempt)))?.bytes ?? []).toString()).toBe(
    '{"at":"1970-01-01T00:00:00.000Z"}\n',
  );
  expect(await storedText(store)).toEqual(['one', 'two']);
});

test('a line longer than 64 KiB is cut at a character and says how long it was', async () => {
  const store = await newStore();
  const writer = await openLogWriter(store, run, attempt, never);
  await writer.line(out(`a${'ü'.repeat(40_000)}`), '1');
  await writer.line(out('b'.repeat(65_536)), '2');
  await writer.end();
  const [cut, whole] = await storedText(store);
  expect(cut).toBe(`a${'ü'.repeat(32_767)} … (cut, 80001 bytes)`);
  expect(whole).toBe('b'.repeat(65_536));
});

test('a job that writes too fast loses lines, is told how many, and gets the rest through', async () => {
  const store = await newStore();
  let now = 0;
  const writer = await openLogWriter(store, run, attempt, { ...never, maxBytesPerSecond: 100, now: () => now });
  for (let i = 0; i < 30; i++) await writer.line(out(String(i).padStart(10, '.')), String(i));
  now += 1_000;
  for (let i = 30; i < 41; i++) await writer.line(out(`{"i":${String(i)}}${' '.repeat(2)}`), String(i));
  await writer.line(out('x'.repeat(150)), 'last');
  await writer.end();
  const lines = await storedLines(store);
  expect(lines.slice(0, 20).map(({ m }) => Number(m.replaceAll('.', '')))).toEqual(
    Array.from({ length: 20 }, (_, i) => i),
  );
  expect(lines[20]).toMatchObject({ s: 'stderr', m: 'relaunch: 10 lines dropped: more than 100 bytes/s' });
  expect(lines[21]?.m).toContain('{"i":30}');
  expect(lines.at(-1)).toMatchObject({ m: 'relaunch: 2 lines dropped: more than 100 bytes/s', cursor: 'last' });
  expect((await storedMetrics(store)).map(({ values }) => values.i)).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
});

test('a store slower than the job holds the job back at some mebibytes', async () => {
  const slow = failing(await newStore());
  const writer = await openLogWriter(slow.store, run, attempt, { ...never, maxBytesPerSecond: 1e9 });
  const release = slow.hold();
  let taken = 0;
  const writing = (async () => {
    for (; taken < 200; taken++) await writer.line(out('x'.repeat(60_000)), String(taken));
  })();
  await vi.waitFor(() => {
    expect(taken).toBeGreaterThan(60);
  });
  await new Promise(setImmediate);
  expect(taken).toBeLessThan(110);
  release();
  await writing;
  await writer.end();
  expect(await storedLines(slow.store)).toHaveLength(200);
});

test('a store that is lost in the background fails the next line, and nothing else', async () => {
  const lost = failing(await newStore());
  const writer = await openLogWriter(lost.store, run, attempt, { maxWaitMs: 5 });
  lost.breakAt(1, false);
  await writer.line(out('one'), '1');
  await vi.waitFor(() => {
    expect(lost.writes()).toBeGreaterThan(1);
  });
  await expect(writer.line(out('two'), '2')).rejects.toMatchObject({ type: 'StoreUnavailable' });
  await expect(writer.flush()).rejects.toMatchObject({ type: 'StoreUnavailable' });
  await expect(writer.end()).rejects.toMatchObject({ type: 'StoreUnavailable' });
  lost.repair();
  await vi.waitFor(() => {
    expect(writer.cursor).toBe('1');
  });
  await writer.line(out('two'), '2');
  await writer.end();
  expect(await storedText(lost.store)).toEqual(['one', 'two']);
});

test('closing a writer of a lost store does not fail', async () => {
  const lost = failing(await newStore());
  const writer = await openLogWriter(lost.store, run, attempt, never);
  await writer.line(out('one'), '1');
  lost.breakAt(1, false);
  await writer.close();
  expect(writer.cursor).toBeUndefined();
});

test('a damaged last object is not written over', async () => {
  const store = await newStore();
  await store.put(keyOf.log(run, attempt, 3), Buffer.from('{"t":'));
  await expect(openLogWriter(store, run, attempt)).rejects.toMatchObject({
    type: 'StoreUnavailable',
    message: expect.stringContaining('00000003.jsonl') as string,
  });
});
