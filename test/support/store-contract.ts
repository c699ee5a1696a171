import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../store/store.ts';

const worker = fileURLToPath(new URL('store-worker.ts', import.meta.url));

const atStore = (what: 'count' | 'write' | 'race', store: Store, times = 0): ChildProcess =>
  spawn(process.execPath, [worker, what, store.url, String(times)], { stdio: ['ignore', 'pipe', 'inherit'] });

const linesOf = ({ stdout }: ChildProcess): AsyncIterator<string, undefined> =>
  createInterface(stdout ?? process.stdin)[Symbol.asyncIterator]();

const text = async (store: Store, key: string): Promise<string | undefined> => {
  const object = await store.get(key);
  return object && Buffer.from(object.bytes).toString();
};

/** What every store must do. `open` gives an empty one that other processes reach by its URL. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    test('an object comes back as it was put, until it is removed', async () => {
      const store = await open();
      const bytes = Buffer.from([0, 255, 10, 13, 128]);
      await store.put('runs/a/plan.json', bytes);
      expect(Buffer.from((await store.get('runs/a/plan.json'))?.bytes ?? [])).toEqual(bytes);
      expect(await store.has('runs/a/plan.json')).toBe(true);
      await store.remove('runs/a/plan.json');
      await store.remove('runs/a/plan.json');
      expect(await store.get('runs/a/plan.json')).toBeUndefined();
      expect(await store.has('runs/a/plan.json')).toBe(false);
      expect(await store.list('')).toEqual([]);
    });

    test('an empty object is there', async () => {
      const store = await open();
      expect(await store.putIfAbsent('a', new Uint8Array())).toBe(true);
      expect((await store.get('a'))?.bytes).toHaveLength(0);
      expect(await store.has('a')).toBe(true);
      expect(await store.modifiedAt('a')).toBeInstanceOf(Date);
      expect(await store.putIfAbsent('a', Buffer.from('x'))).toBe(false);
    });

    test('what is not there is nothing, not an error', async () => {
      const store = await open();
      await store.put('a/b', Buffer.from('x'));
      for (const key of ['missing', 'a', 'a/b/c', 'a/c']) {
        expect(await store.get(key)).toBeUndefined();
        expect(await store.has(key)).toBe(false);
        expect(await store.replaceIfMatch(key, Buffer.from('y'), 'any')).toBe(false);
      }
      expect(await store.list('missing/')).toEqual([]);
    });

    test('the folders under a prefix are those that have objects', async () => {
      const store = await open();
      for (const key of ['runs/b/plan.json', 'runs/b/attempts/1.json', 'runs/a/plan.json', 'runs/note', 'other/c/d'])
        await store.put(key, Buffer.from('x'));
      expect(await store.folders('runs/')).toEqual(['a', 'b']);
      expect(await store.folders('')).toEqual(['other', 'runs']);
      expect(await store.folders('missing/')).toEqual([]);
      await store.remove('runs/a/plan.json');
      expect(await store.folders('runs/')).toEqual(['b']);
    });

    test('an object tells when it was written', async () => {
      const store = await open();
      const before = Date.now();
      await store.put('a/b', Buffer.from('x'));
      const at = (await store.modifiedAt('a/b'))?.getTime() ?? 0;
      // File systems and object stores round down to their clock's tick.
      expect(at).toBeGreaterThan(before - 2_000);
      expect(at).toBeLessThanOrEqual(Date.now() + 2_000);
      expect(await store.modifiedAt('a')).toBeUndefined();
    });

    test('keys are listed in the order of their code units, those under a prefix only', async () => {
      const store = await open();
      const keys = ['a/10', 'a/9', 'a/B', 'a/b', 'a/b-c', 'a/bc/d', 'a.txt', 'ab', 'ä'];
      for (const key of keys.toReversed()) await store.put(key, Buffer.from(key));
      expect(await store.list('')).toEqual(keys.toSorted());
      expect(await store.list('a/')).toEqual(['a/10', 'a/9', 'a/B', 'a/b', 'a/b-c', 'a/bc/d']);
    });

    test.each([
      ...[
        '',
        '/',
        '/etc/passwd',
        '..',
        '../outside',
        'a/../../outside',
        'a/..',
        './a',
        'a//b',
        'a/',
        'a\\..\\b',
        'a\0b',
      ],
      ...['.tmp/x', '.lock', 'a/.hidden', 'x'.repeat(256), 'x/'.repeat(600)],
    ])('the key %j is refused by every operation', async (key) => {
      const store = await open();
      const none = Buffer.from('');
      const refused = { type: 'LaunchRejected', message: expect.stringContaining('is not a key') as string };
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.has(key)).rejects.toMatchObject(refused);
      await expect(store.put(key, none)).rejects.toMatchObject(refused);
      await expect(store.putIfAbsent(key, none)).rejects.toMatchObject(refused);
      await expect(store.replaceIfMatch(key, none, '')).rejects.toMatchObject(refused);
      await expect(store.remove(key)).rejects.toMatchObject(refused);
      if (key !== '' && !/[^/]\/$/.test(key)) await expect(store.list(`${key}/`)).rejects.toMatchObject(refused);
    });

    test('a prefix without its slash is refused: it would match more than one directory', async () => {
      await expect((await open()).list('a')).rejects.toMatchObject({ type: 'LaunchRejected' });
    });

    test('of twenty that write where nothing is, one wins, and the others find its whole bytes', async () => {
      const store = await open();
      const contents = Array.from({ length: 20 }, (_, i) => Buffer.alloc(200_000, 65 + i));
      const found = await Promise.all(
        contents.map(async (bytes) => ({
          won: await store.putIfAbsent('deep/er/one', bytes),
          after: await text(store, 'deep/er/one'),
        })),
      );
      expect(found.filter(({ won }) => won)).toHaveLength(1);
      const winner = contents[found.findIndex(({ won }) => won)]?.toString();
      expect(found.every(({ after }) => after === winner)).toBe(true);
      expect(await store.list('')).toEqual(['deep/er/one']);
    });

    test('a version ends with each write of other bytes', async () => {
      const store = await open();
      const etags = new Set<string | undefined>();
      for (const content of ['one', 'two', 'three']) {
        await store.put('same', Buffer.from(content));
        const { etag } = (await store.get('same')) ?? {};
        expect((await store.get('same'))?.etag).toBe(etag);
        etags.add(etag);
      }
      expect(etags.size).toBe(3);
      const [, old = '', last = ''] = etags;
      for (const none of [old, '', 'any'])
        expect(await store.replaceIfMatch('same', Buffer.from('late'), none)).toBe(false);
      expect(await store.replaceIfMatch('same', Buffer.from('four'), last)).toBe(true);
      expect(await store.replaceIfMatch('same', Buffer.from('late'), last)).toBe(false);
      expect(await text(store, 'same')).toBe('four');
    });

    test('of processes that race for an object, or for a version of one, one wins, each time', async () => {
      const store = await open();
      const places = Array.from({ length: 100 }, (_, i) => String(i));
      await Promise.all(places.map((place) => store.put(`held/${place}`, Buffer.from('nobody'))));
      const racers = Array.from({ length: 3 }, () => linesOf(atStore('race', store, places.length)));
      await Promise.all(racers.map((racer) => racer.next()));
      await store.put('go', Buffer.from(''));
      const won = await Promise.all(
        racers.map(async (racer) => JSON.parse((await racer.next()).value ?? '') as string[]),
      );
      expect(won.flat().sort()).toEqual(places.flatMap((place) => [`free/${place}`, `held/${place}`]).sort());
    });

    test('processes that count under a condition lose no count', async () => {
      const store = await open();
      await store.put('counter', Buffer.from('0'));
      const counters = Array.from({ length: 4 }, () => atStore('count', store, 25));
      const codes = await Promise.all(counters.map(async (child) => (await once(child, 'exit'))[0] as number));
      expect(codes).toEqual([0, 0, 0, 0]);
      expect(await text(store, 'counter')).toBe('100');
    });

    test('a writer that is killed leaves whole objects only', async () => {
      const store = await open();
      for (let kill = 0; kill < 3; kill++) {
        const child = atStore('write', store);
        await once(child.stdout ?? child, 'data');
        for (let read = 0; read < 8 * (kill + 1); read++) expect(isWhole(await text(store, 'written/same'))).toBe(true);
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      const keys = await store.list('written/');
      expect(keys.length).toBeGreaterThan(9);
      for (const key of keys) expect(isWhole(await text(store, key))).toBe(true);
    });

    test('writes go on while others remove all around them', async () => {
      const store = await open();
      const rounds = Array.from({ length: 40 }, (_, i) => i);
      const churn = async (key: string) => {
        for (const round of rounds) {
          await store.put(key, Buffer.from(String(round)));
          expect(await text(store, key)).toBe(String(round));
          await store.remove(key);
        }
      };
      await Promise.all(['d/e/one', 'd/e/two', 'd/three', 'd/e/f/four'].map(churn));
      expect(await store.list('')).toEqual([]);
    });
  });
}

const isWhole = (content: string | undefined): boolean =>
  content?.length === 300_000 && content === (content[0] ?? '').repeat(300_000);
