import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spawnSync } from 'node:child_process';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { openStore } from '../../store/open-store.ts';
import { storeContract } from '../support/store-contract.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-store-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const newRoot = () => mkdtemp(join(scratch, 'root '));
const storeAt = (root: string) => openStore(pathToFileURL(root).href);

storeContract('a store in a directory', async () => storeAt(await newRoot()));

test('a version ends with each write, also of the same bytes', async () => {
  const store = storeAt(await newRoot());
  const etags = new Set<string | undefined>();
  for (let i = 0; i < 5; i++) {
    await store.put('same', Buffer.from('same'));
    etags.add((await store.get('same'))?.etag);
  }
  expect(etags.size).toBe(5);
  const { etag = '' } = (await store.get('same')) ?? {};
  expect(await store.replaceIfMatch('same', Buffer.from('same'), etag)).toBe(true);
  expect(await store.replaceIfMatch('same', Buffer.from('late'), etag)).toBe(false);
});

test('objects are readable by their owner only', async () => {
  const root = join(await newRoot(), 'made', 'when needed');
  await storeAt(root).put('runs/a/plan.json', Buffer.from('{}'));
  const modeOf = async (...path: string[]) => ((await stat(join(root, ...path))).mode & 0o777).toString(8);
  expect(await modeOf()).toBe('700');
  expect(await modeOf('runs', 'a')).toBe('700');
  expect(await modeOf('runs', 'a', 'plan.json')).toBe('600');
});

test('no temporary file stays behind, not even of a write that failed', async () => {
  const root = await newRoot();
  const store = storeAt(root);
  await store.put('a', Buffer.from('1'));
  await store.putIfAbsent('a', Buffer.from('2'));
  await expect(store.put('a/b', Buffer.from('3'))).rejects.toMatchObject({ type: 'StoreUnavailable' });
  expect(await readdir(join(root, '.tmp'))).toEqual([]);
});

test('temporary files of dead processes go after a minute, also where nobody starts again; those of the living stay', async () => {
  const root = await newRoot();
  const temps = join(root, '.tmp');
  await mkdir(temps);
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const minutesAgo = new Date(Date.now() - 120_000);
  for (const [name, date] of [
    [`${String(dead)}-old`, minutesAgo],
    [`${String(dead)}-young`, new Date()],
    [`${String(process.pid)}-old`, minutesAgo],
  ] as const) {
    await writeFile(join(temps, name), 'half an obj');
    await utimes(join(temps, name), date, date);
  }
  const store = storeAt(root);
  await store.put('a', Buffer.from('1'));
  expect((await readdir(temps)).sort()).toEqual([`${String(dead)}-young`, `${String(process.pid)}-old`].sort());
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
  await store.put('a', Buffer.from('2'));
  expect(await readdir(temps)).toEqual([`${String(process.pid)}-old`]);
});

test('a mounted ConfigMap, whose files are links, can be listed and read', async () => {
  const root = await newRoot();
  await mkdir(join(root, '..data-1'));
  await writeFile(join(root, '..data-1', 'gpu.yaml'), 'backend: process');
  await symlink('..data-1', join(root, '..data'));
  await symlink(join('..data', 'gpu.yaml'), join(root, 'gpu.yaml'));
  const store = storeAt(root);
  expect(await store.list('')).toEqual(['gpu.yaml']);
  expect(Buffer.from((await store.get('gpu.yaml'))?.bytes ?? []).toString()).toBe('backend: process');
});

test("an error of the system names the path and the system's reason", async () => {
  const root = await newRoot();
  await writeFile(join(root, 'file'), '');
  await expect(storeAt(root).put('file/object', Buffer.from('x'))).rejects.toMatchObject({
    type: 'StoreUnavailable',
    message: expect.stringMatching(/cannot write .*file\/object in the store: .*(ENOTDIR|EEXIST)/) as string,
  });
});

test('an object that the system will not give is unavailable, not missing', async () => {
  const root = await newRoot();
  await symlink('loop', join(root, 'loop'));
  const store = storeAt(root);
  const refused = {
    type: 'StoreUnavailable',
    message: expect.stringMatching(/loop in the store: .*\(ELOOP\)$/) as string,
  };
  await expect(store.get('loop')).rejects.toMatchObject(refused);
  await expect(store.has('loop')).rejects.toMatchObject(refused);
  await expect(store.putIfAbsent('loop', Buffer.from('x'))).rejects.toMatchObject(refused);
  await expect(store.list('')).rejects.toMatchObject({ type: 'StoreUnavailable' });
});

test.each(['moved away', 'replaced by an empty directory', 'replaced by a file'])(
  'a store whose directory was %s is unavailable, not empty, and is the old one when it is back',
  async (what) => {
    const root = await newRoot();
    const store = storeAt(root);
    await store.put('runs/a/plan.json', Buffer.from('old'));
    await rename(root, `${root}.away`);
    if (what.includes('empty directory')) await mkdir(root);
    if (what.includes('file')) await writeFile(root, '');
    const gone = { type: 'StoreUnavailable' };
    await expect(store.get('runs/a/plan.json')).rejects.toMatchObject(gone);
    await expect(store.has('runs/a/plan.json')).rejects.toMatchObject(gone);
    await expect(store.list('runs/')).rejects.toMatchObject(gone);
    await expect(store.folders('runs/')).rejects.toMatchObject(gone);
    await expect(store.put('runs/a/plan.json', Buffer.from('new'))).rejects.toMatchObject(gone);
    await expect(store.putIfAbsent('runs/a/plan.json', Buffer.from('new'))).rejects.toMatchObject(gone);
    await expect(store.replaceIfMatch('runs/a/plan.json', Buffer.from('new'), 'any')).rejects.toMatchObject(gone);
    expect(await readdir(root).catch(() => [])).toEqual([]);
    await rm(root, { recursive: true, force: true });
    await rename(`${root}.away`, root);
    expect(Buffer.from((await store.get('runs/a/plan.json'))?.bytes ?? []).toString()).toBe('old');
    await store.put('runs/a/plan.json', Buffer.from('new'));
  },
);

test('a URL of another kind is refused, and says which are known', () => {
  expect(() => openStore('gs://bucket/prefix')).toThrow(/gs:\/\/bucket\/prefix.*known are file:\/\/.* and s3:\/\//);
  expect(() => openStore('/some/where')).toThrow(/has no scheme/);
  expect(() => openStore('file://host/some/where')).toThrow(/file:\/\/\/<absolute path/);
  expect(openStore('file:///some/where/').url).toBe('file:///some/where');
});
