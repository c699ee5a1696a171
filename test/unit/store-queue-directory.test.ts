import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { createQueue } from '../../client/queues.ts';
import { keyOf } from '../../store/layout.ts';
import { openStore } from '../../store/open-store.ts';
import { queueNames, readQueue } from '../../store/queues.ts';
import type { Store } from '../../store/store.ts';

let directory: string;
let own: Store;
let store: Store;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relaunch-queues-'));
  const url = pathToFileURL(await mkdtemp(join(tmpdir(), 'relaunch-store-'))).href;
  own = openStore(url);
  store = openStore(url, directory);
  await createQueue(own, 'both', { backend: 'process' });
  await createQueue(own, 'own', { backend: 'process' });
  // As a ConfigMap is mounted: the names are links, beside what they lead to.
  await writeFile(join(directory, '..data'), 'backend: docker');
  for (const name of ['both', 'mapped']) await symlink('..data', join(directory, `${name}.yaml`));
});

const backendOf = async (queue: string): Promise<string> => (await readQueue(store, queue)).backend;

test('queues of the directory come before those of the store, and beside them', async () => {
  expect(await queueNames(store)).toEqual(['both', 'mapped', 'own']);
  expect(await Promise.all(['both', 'mapped', 'own'].map(backendOf))).toEqual(['docker', 'docker', 'process']);
  expect(await queueNames(own)).toEqual(['both', 'own']);
});

test('a changed file holds from the next look on', async () => {
  await writeFile(join(directory, '..data'), 'backend: kubernetes');
  expect(await backendOf('both')).toBe('kubernetes');
});

test('a queue of the directory is written there and nowhere else', async () => {
  for (const replace of [false, true])
    await expect(createQueue(store, 'mapped', { backend: 'process' }, { replace })).rejects.toThrow(
      `queues/mapped.yaml is a file of RELAUNCH_QUEUES, ${directory}: change it there`,
    );
  await createQueue(store, 'new', { backend: 'process' });
  expect(await queueNames(own)).toEqual(['both', 'new', 'own']);
});

test('what the store has under a name of the directory is changed by nobody who sees the directory', async () => {
  const key = keyOf.queue('both');
  const bytes = Buffer.from('backend: docker');
  const { etag = '' } = (await own.get(key)) ?? {};
  const ways = {
    put: () => store.put(key, bytes),
    putIfAbsent: () => store.putIfAbsent(key, bytes),
    replaceIfMatch: () => store.replaceIfMatch(key, bytes, etag),
    remove: () => store.remove(key),
  };
  for (const way of Object.values(ways)) await expect(way()).rejects.toMatchObject({ type: 'LaunchRejected' });
  expect((await own.get(key))?.etag).toBe(etag);
  await store.remove(keyOf.queue('own'));
  expect(await queueNames(own)).toEqual(['both']);
});

test('a directory that is not there is no empty one', async () => {
  await rm(directory, { recursive: true });
  await expect(readQueue(store, 'own')).rejects.toMatchObject({ type: 'StoreUnavailable' });
});
