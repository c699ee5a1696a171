import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { uploadArchive, unpackArchive } from '../../store/archive.ts';
import { openStore } from '../../store/open-store.ts';
import { archiveOf, paxBefore, rawArchive, rawEntry, type RawEntry } from '../support/raw-tar.ts';
import { readTree } from '../../scripts/testbed/trees.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-attack-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));
const store = openStore(pathToFileURL(join(scratch, 'store')).href);
await writeFile(join(scratch, 'outside'), 'untouched');

/** Unpacks what anybody put there under a digest of his own making, and proves that a refusal leaves nothing at all. */
async function unpack(
  archive: { digest: string; bytes: Uint8Array },
  options: { maxBytes?: number; maxEntries?: number } = {},
): Promise<string> {
  await uploadArchive(store, archive);
  const room = await mkdtemp(join(scratch, 'room-'));
  const directory = join(room, 'code');
  await mkdir(directory);
  const before = (await readdir(scratch)).sort();
  await unpackArchive(store, archive.digest, directory, options).catch(async (error: unknown) => {
    expect(await readdir(directory)).toEqual([]);
    expect(await readdir(room)).toEqual(['code']);
    expect((await readdir(scratch)).sort()).toEqual(before);
    throw error;
  });
  expect(await readdir(room)).toEqual(['code']);
  return directory;
}

const refusal = (message: RegExp) => ({ type: 'LaunchRejected', message: expect.stringMatching(message) as string });
const good: RawEntry = { path: 'train.py', body: 'print(1)' };
const link = (path: string, linkpath: string): RawEntry => ({ path, flag: '2', linkpath });

test('a plain archive by hand is unpacked: what follows is refused for what it is', async () => {
  const directory = await unpack(
    rawArchive({ path: 'lib/', flag: '5' }, good, link('lib/up', '../train.py'), { path: 'lib/a/b', body: 'x' }),
  );
  expect(await readTree(directory)).toEqual({ 'train.py': 'print(1)', 'lib/up': '-> ../train.py', 'lib/a/b': 'x' });
});

test.each<[string, (RawEntry | Uint8Array)[], RegExp]>([
  ['an absolute path', [{ path: '/etc/cron.d/x', body: 'x' }], /absolute/],
  ['a path upwards', [{ path: '../outside', body: 'x' }], /"\.\."/],
  ['a path upwards from within', [{ path: 'a/../../outside', body: 'x' }], /"\.\."/],
  ['a path with a backslash', [{ path: '..\\outside', body: 'x' }], /backslash/],
  ['a path upwards in a pax header', [paxBefore({ path: '../outside' }, good)], /"\.\."/],
  [
    'a file in place of the root',
    [
      { path: './', body: '' },
      { path: '.', body: 'x' },
    ],
    /"\."/,
  ],
  ['a path that no file system takes', [paxBefore({ path: `${'a/'.repeat(1_024)}b` }, good)], /longer than 2048 bytes/],
  ['a name that no file system takes', [paxBefore({ path: `a/${'ü'.repeat(128)}` }, good)], /longer than 255 bytes/],
  ['a link that no file system takes', [paxBefore({ linkpath: 'a/'.repeat(1_025) }, link('a', 'b'))], /symbolic link/],
  ['an absolute symbolic link', [link('a', '/etc')], /symbolic link out of the tree/],
  ['a symbolic link upwards', [link('a', '../outside')], /symbolic link out of the tree/],
  [
    'a symbolic link upwards in a pax header',
    [paxBefore({ linkpath: '../outside' }, link('a', 'b'))],
    /out of the tree/,
  ],
  ['a symbolic link out by way of another', [link('p/q/s', '../..'), link('z', 'p/q/s/..')], /out of the tree/],
  ['a file through a symbolic link', [link('a', 'lib'), { path: 'a/x', body: 'x' }], /"a" is not a directory/],
  ['a file over a symbolic link', [link('a', 'b'), { path: 'a', body: 'x' }], /there twice/],
  ['a symbolic link over a directory', [{ path: 'a/x', body: 'x' }, link('a', 'b')], /there twice/],
  ['a directory over a symbolic link', [link('a', 'b'), { path: 'a/', flag: '5' }], /there twice/],
  ['a hard link', [{ path: 'a', flag: '1', linkpath: 'train.py' }], /it is a Link/],
  ['a hard link outside', [{ path: 'a', flag: '1', linkpath: '../outside' }], /it is a Link/],
  ['a character device', [{ path: 'a', flag: '3' }], /it is a CharacterDevice/],
  ['a block device', [{ path: 'a', flag: '4' }], /it is a BlockDevice/],
  ['a FIFO', [{ path: 'a', flag: '6' }], /it is a FIFO/],
  ['a sparse file', [{ path: 'a', flag: 'S' }], /not allowed|checksum|SparseFile/],
  ['an unknown kind', [{ path: 'a', flag: 'Q' }], /not allowed|Unsupported/],
  ['an entry that is shorter than it says', [{ path: 'a', body: 'x', size: 5_000 }], /Truncated/],
  ['a file larger than all that is allowed', [{ path: 'a', size: 8_000_000_000 }], /larger than/],
  ['a damaged header', [rawEntry(good).fill(65, 0, 10)], /checksum/],
])('%s is refused, and nothing is written', async (_, entries, message) => {
  await expect(unpack(rawArchive(good, ...entries))).rejects.toMatchObject(refusal(message));
});

test('setuid bits and odd modes are not kept', async () => {
  const directory = await unpack(
    rawArchive(
      { path: 'tool', mode: 0o6755 },
      { path: 'closed', mode: 0o000 },
      { path: 'open', mode: 0o1666 },
      { path: 'd/', flag: '5', mode: 0o7000 },
    ),
  );
  const modes = await Promise.all(
    ['tool', 'closed', 'open', 'd'].map(async (path) => (await stat(join(directory, path))).mode & 0o7700),
  );
  expect(modes.map((mode) => mode.toString(8))).toEqual(['700', '600', '600', '700']);
});

test('a gzip bomb is refused when it gets too large, not when it is through', async () => {
  const bomb = archiveOf(
    Buffer.concat([rawEntry({ path: 'zeros', body: Buffer.alloc(50_000_000) }), Buffer.alloc(1_024)]),
  );
  expect(bomb.bytes.length).toBeLessThan(100_000);
  await expect(unpack(bomb, { maxBytes: 1_000_000 })).rejects.toMatchObject(refusal(/larger than 1000000 bytes/));
});

test('an archive may be filled up as tar does it; one that goes on is refused before anybody keeps what follows', async () => {
  const tar = Buffer.concat([rawEntry(good), Buffer.alloc(10_240)]);
  expect(await readTree(await unpack(archiveOf(tar)))).toEqual({ 'train.py': 'print(1)' });
  const endless = archiveOf(Buffer.concat([tar, Buffer.alloc(1_000_000)]));
  await expect(unpack(endless)).rejects.toMatchObject(refusal(/goes on after its end/));
});

test('an archive that is compressed twice is refused: the inner one would be behind the limits', async () => {
  const inner = gzipSync(gunzipSync(rawArchive(good).bytes));
  await expect(unpack(archiveOf(inner))).rejects.toMatchObject(refusal(/compressed twice/));
});

test('too many entries are refused', async () => {
  const entries = Array.from({ length: 11 }, (_, i) => ({ path: `f${String(i)}` }));
  await expect(unpack(rawArchive(...entries), { maxEntries: 10 })).rejects.toMatchObject(
    refusal(/more than 10 entries/),
  );
  const deep = Array.from({ length: 5 }, (_, i) => ({ path: `${String(i)}/a/b/c/f` }));
  await expect(unpack(rawArchive(...deep), { maxEntries: 10 })).rejects.toMatchObject(
    refusal(/more than 20 files and directories/),
  );
});

test('content with another digest than its name is refused', async () => {
  const { bytes } = rawArchive(good);
  await expect(unpack({ digest: 'a'.repeat(64), bytes })).rejects.toMatchObject(
    refusal(/code\/a+\.tar\.gz .*has the digest [0-9a-f]{64}/),
  );
});

test('what is no archive, or half of one, is refused', async () => {
  const { bytes } = rawArchive(good, { path: 'b', body: Buffer.alloc(100_000, 'b') });
  await expect(unpack({ digest: 'b'.repeat(64), bytes: Buffer.from('hello') })).rejects.toMatchObject(
    refusal(/incorrect header/),
  );
  await expect(unpack({ digest: 'c'.repeat(64), bytes: bytes.subarray(0, -50) })).rejects.toMatchObject(
    refusal(/unexpected end/),
  );
  await expect(unpack({ digest: 'd'.repeat(64), bytes: new Uint8Array() })).rejects.toMatchObject(refusal(/.*/));
  await expect(unpack(archiveOf(Buffer.from('no tar')))).rejects.toMatchObject(refusal(/Unrecognized|format/));
});

test('an archive that is gone says so, and what to do', async () => {
  const message = /^code\/e+\.tar\.gz is not in store file:\/\/.*: .*submit again$/;
  await expect(unpackArchive(store, 'e'.repeat(64), join(scratch, 'never'))).rejects.toMatchObject(refusal(message));
});

test('a directory that is not empty is left as it is', async () => {
  const archive = rawArchive(good);
  await uploadArchive(store, archive);
  const directory = await mkdtemp(join(scratch, 'used-'));
  await writeFile(join(directory, 'mine'), 'mine');
  await expect(unpackArchive(store, archive.digest, directory)).rejects.toMatchObject({ type: 'StoreUnavailable' });
  expect(await readTree(directory)).toEqual({ mine: 'mine' });
});

test('nothing outside was touched by any of this', async () => {
  expect((await readTree(scratch)).outside).toBe('untouched');
});
