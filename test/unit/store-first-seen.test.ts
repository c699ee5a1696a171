import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { mergeFirsts } from '../../contracts/merge-firsts.ts';
import type { FirstsSeen } from '../../contracts/records.ts';
import { keepFirsts } from '../../store/first-seen.ts';
import { keyOf } from '../../store/layout.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { failsAs } from '../support/fails-as.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-firsts-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const newStore = async (): Promise<Store> => openStore(pathToFileURL(await mkdtemp(join(scratch, 'store-'))).href);

const key = keyOf.first('digits', 1);
const keep = (store: Store, seen: FirstsSeen): Promise<FirstsSeen> => keepFirsts(store, 'digits', 1, seen);

async function kept(store: Store): Promise<unknown> {
  const object = await store.get(key);
  return object === undefined ? undefined : JSON.parse(Buffer.from(object.bytes).toString('utf8'));
}

const evicted = { reason: 'EvictionByEvictionAPI', at: '2026-03-01T00:00:07Z', message: 'evicted' };
const collected = { reason: 'DeletionByPodGC', at: '2026-03-01T00:05:00Z' };

test('what is seen is kept, and answered', async () => {
  const store = await newStore();
  expect(await keep(store, { p: { disruption: evicted } })).toEqual({ p: { disruption: evicted } });
  expect(await kept(store)).toEqual({ p: { disruption: evicted } });
});

test('of an attempt of which nothing was seen nothing is written', async () => {
  const store = await newStore();
  expect(await keep(store, {})).toEqual({});
  expect(await store.list('')).toEqual([]);
});

test('what was first stays, whatever is seen later', async () => {
  const store = await newStore();
  await keep(store, { p: { disruption: evicted } });
  const later = { p: { disruption: collected, deletion: '2026-03-01T00:05:00Z' }, q: { disruption: collected } };
  const all = {
    p: { disruption: evicted, deletion: '2026-03-01T00:05:00Z' },
    q: { disruption: collected },
  };
  expect(await keep(store, later)).toEqual(all);
  expect(await kept(store)).toEqual(all);
});

test('a follower that has seen nothing itself learns what others saw', async () => {
  const store = await newStore();
  await keep(store, { p: { disruption: evicted } });
  expect(await keep(store, {})).toEqual({ p: { disruption: evicted } });
});

test('what is known is not written again', async () => {
  const store = await newStore();
  await keep(store, { p: { disruption: evicted }, q: { deletion: '2026-03-01T00:05:00Z' } });
  const before = await store.get(key);
  await keep(store, { q: { deletion: '2026-03-01T00:06:00Z' }, p: { disruption: collected } });
  expect((await store.get(key))?.etag).toBe(before?.etag);
});

test('attempts are kept apart', async () => {
  const store = await newStore();
  await keepFirsts(store, 'digits', 1, { p: { disruption: evicted } });
  expect(await keepFirsts(store, 'digits', 2, {})).toEqual({});
  expect(await keepFirsts(store, 'other', 1, {})).toEqual({});
});

test('two keepers at once lose nothing of each other’s, in either order', async () => {
  const store = await newStore();
  const other = openStore(store.url);
  const seen = (who: string, i: number): FirstsSeen => ({
    [`${who}-${String(i)}`]: { disruption: evicted },
    shared: { deletion: who },
  });
  const works: Promise<FirstsSeen>[] = [];
  for (let i = 0; i < 10; i++) works.push(keep(store, seen('a', i)), keep(other, seen('b', i)));
  const answers = await Promise.all(works);
  const all = (await kept(store)) as FirstsSeen;
  expect(Object.keys(all)).toHaveLength(21);
  expect(new Set(answers.map(({ shared }) => shared?.deletion))).toEqual(new Set([all['shared']?.deletion]));
  for (const [n, answer] of answers.entries()) {
    const mine = `${n % 2 === 0 ? 'a' : 'b'}-${String(Math.floor(n / 2))}`;
    expect(answer).toHaveProperty([mine]);
    expect(all).toMatchObject(answer);
  }
});

test('a record that somebody broke is said to be damaged', async () => {
  const store = await newStore();
  await store.put(key, Buffer.from('{"p": 3}'));
  await expect(keep(store, { p: { disruption: evicted } })).rejects.toEqual(failsAs('StoreUnavailable'));
  await expect(keep(store, {})).rejects.toThrow(key);
});

test('however many followers see what, each pod has the first of each, and nothing is ever taken back', () => {
  const pod = fc.constantFrom('p', 'q', 'r');
  const first = fc.record(
    { disruption: fc.record({ reason: fc.constantFrom('A', 'B') }), deletion: fc.constantFrom('1', '2') },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(fc.dictionary(pod, first, { noNullPrototype: true }), { maxLength: 6 }), (seen) => {
      let all: FirstsSeen = {};
      for (const one of seen) {
        const more = mergeFirsts(all, one);
        expect(more).toMatchObject(all);
        all = more;
      }
      for (const name of ['p', 'q', 'r']) {
        expect(all[name]?.disruption).toEqual(
          seen.find((one) => one[name]?.disruption !== undefined)?.[name]?.disruption,
        );
        expect(all[name]?.deletion).toEqual(seen.find((one) => one[name]?.deletion !== undefined)?.[name]?.deletion);
      }
    }),
  );
});
