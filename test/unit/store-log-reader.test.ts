import { afterAll, expect, test, vi } from 'vitest';
import { keyOf } from '../../store/layout.ts';
import type { LogLine } from '../../store/log-format.ts';
import { followLogs, readLogs } from '../../store/log-reader.ts';
import { openLogWriter } from '../../store/log-writer.ts';
import type { Store } from '../../store/store.ts';
import { attempt, logScratch, never, out, run, storedText } from '../support/log-scratch.ts';

const { newStore, remove } = await logScratch();
afterAll(remove);

/** Follows on its own, and shows what it has got so far. */
function following(store: Store, ended?: () => Promise<boolean>) {
  const stop = new AbortController();
  const seen: string[] = [];
  const options = { signal: stop.signal, pollMs: 5, ...(ended === undefined ? {} : { ended }) };
  const done = (async () => {
    for await (const line of followLogs(store, run, attempt, options)) seen.push(line.m);
  })();
  return { seen, done, stop };
}

test('a follower sees lines as they come, and ends when the log does', async () => {
  const store = await newStore();
  const { seen, done } = following(store);
  const writer = await openLogWriter(store, run, attempt, never);
  for (const m of ['one', 'two', 'three']) {
    await writer.line(out(m), m);
    await writer.flush();
    await vi.waitFor(() => {
      expect(seen.at(-1)).toBe(m);
    });
  }
  await writer.line(out('last'), 'last');
  await writer.end();
  await done;
  expect(seen).toEqual(['one', 'two', 'three', 'last']);
});

test('a follower that is stopped ends without an error', async () => {
  const { seen, done, stop } = following(await newStore());
  stop.abort(new Error('enough'));
  await done;
  expect(seen).toEqual([]);
});

test('a log without an end ends when the attempt is known to have ended', async () => {
  const store = await newStore();
  const writer = await openLogWriter(store, run, attempt, never);
  await writer.line(out('one'), '1');
  await writer.close();
  let ended = false;
  const { seen, done } = following(store, () => Promise.resolve(ended));
  await vi.waitFor(() => {
    expect(seen).toEqual(['one']);
  });
  ended = true;
  await done;
  expect(seen).toEqual(['one']);
});

test('lines that are none are left out, and objects up to a number', async () => {
  const store = await newStore();
  const good = (m: string): string => JSON.stringify({ t: 't', s: 'stdout', m } satisfies LogLine);
  await store.put(
    keyOf.log(run, attempt, 1),
    Buffer.from([good('a'), '{', 'null', '{"m":1}', '', good('b')].join('\n')),
  );
  await store.put(keyOf.log(run, attempt, 100_000_000), Buffer.from(`${good('d')}\n`));
  await store.put(keyOf.log(run, attempt, 2), Buffer.from(`${good('c')}\n`));
  await store.put(`${keyOf.logs(run, attempt)}notes.txt`, Buffer.from(good('x')));
  expect(await storedText(store)).toEqual(['a', 'b', 'c', 'd']);
  const later = await Array.fromAsync(readLogs(store, run, attempt, { after: 1 }));
  expect(later.map(({ m }) => m)).toEqual(['c', 'd']);
  expect(await Array.fromAsync(readLogs(store, run, 2))).toEqual([]);
});
