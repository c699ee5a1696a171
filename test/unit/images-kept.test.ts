import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { RelaunchError } from '../../contracts/failures.ts';
import { removeOldImages } from '../../activities/images/kept-images.ts';
import { keyOf } from '../../store/layout.ts';
import { takeLease } from '../../store/lease.ts';
import { openStore } from '../../store/open-store.ts';
import { never } from '../support/backend-harness.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-kept-'));
const store = openStore(pathToFileURL(scratch).href);
afterAll(() => rm(scratch, { recursive: true }));

const repository = 'registry.example/team/runs';
const keyed = (n: number): string => n.toString(16).padStart(32, '0');

/** An engine with these tags. Answers which were to be removed. */
async function removed(tags: readonly string[], refuses: readonly string[] = []): Promise<string[]> {
  const names: string[] = [];
  const engine = {
    list: (of: string) => Promise.resolve(of === repository ? [...tags] : []),
    remove: (name: string) => {
      names.push(name);
      const refused = new RelaunchError('BuilderUnavailable', 'not now');
      return refuses.includes(name) ? Promise.reject(refused) : Promise.resolve();
    },
  };
  await removeOldImages(engine, store, repository, never);
  return names;
}

const newest = Array.from({ length: 20 }, (_, i) => keyed(i));

test('the newest twenty stay, also where others have names among them', async () => {
  expect(await removed(newest)).toEqual([]);
  expect(await removed(['v1', ...newest, 'v2', keyed(20), keyed(20).slice(1), keyed(21)])).toEqual([
    `${repository}:${keyed(20)}`,
    `${repository}:${keyed(21)}`,
  ]);
});

test('one that waits for its push stays', async () => {
  await takeLease(store, keyOf.build(keyed(20)));
  expect(await removed([...newest, keyed(20), keyed(21)])).toEqual([`${repository}:${keyed(21)}`]);
});

test('what cannot be removed is in nobody’s way', async () => {
  const both = [30, 31].map((n) => `${repository}:${keyed(n)}`);
  expect(await removed([...newest, keyed(30), keyed(31)], both)).toEqual(both);
  const away = {
    list: () => Promise.reject(new RelaunchError('BuilderUnavailable', 'away')),
    remove: () => Promise.resolve(),
  };
  await removeOldImages(away, store, repository, never);
});
