import { execFileSync } from 'node:child_process';
import { chmod, chown, link, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { packDirectory, unpackArchive, uploadArchive } from '../../store/archive.ts';
import { openStore } from '../../store/open-store.ts';
import { makeTree, readTree, type Tree } from '../../scripts/testbed/trees.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-archive-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const newDirectory = () => mkdtemp(join(scratch, 'code '));
const store = openStore(pathToFileURL(join(scratch, 'store')).href);

async function treeAt(tree: Tree): Promise<string> {
  const root = await newDirectory();
  await makeTree(root, tree);
  return root;
}

async function roundTrip(root: string): Promise<Tree> {
  const packed = await packDirectory(root);
  await uploadArchive(store, packed);
  const target = await newDirectory();
  await unpackArchive(store, packed.digest, target);
  return readTree(target);
}

const example: Tree = {
  'train.py': 'print(1)',
  'run.sh': '#!/bin/sh*',
  'lib/a.py': 'a',
  'lib/b.py': '',
  'lib/deep/link': '-> ../a.py',
  latest: '-> lib',
  'größe/数据.txt': 'ü',
  [`${'long-directory-name/'.repeat(12)}file`]: 'far down',
  [`${'x'.repeat(180)}.txt`]: 'long name',
  '@scope': 'at',
};

test('a tree comes back as it was', async () => {
  expect(await roundTrip(await treeAt(example))).toEqual(example);
});

test('the same tree has the same digest, whatever its times, owners, modes and order', async () => {
  const one = await packDirectory(await treeAt(example));
  const other = await treeAt(Object.fromEntries(Object.entries(example).reverse()));
  await utimes(join(other, 'train.py'), 1, 1);
  await chmod(join(other, 'train.py'), 0o600);
  await chmod(join(other, 'run.sh'), 0o700);
  if (process.getuid?.() === 0) await chown(join(other, 'train.py'), 1234, 1234);
  await link(join(other, 'lib/a.py'), join(other, 'ignored-link'));
  await writeFile(join(other, '.git'), 'gitdir: elsewhere');
  await rm(join(other, 'ignored-link'));
  const two = await packDirectory(other);
  expect(two.digest).toBe(one.digest);
  expect(two.bytes).toEqual(one.bytes);
});

test('the digest is fixed for good: archives of earlier versions stay valid', async () => {
  const { digest } = await packDirectory(await treeAt({ 'a/b.txt': 'hello', run: 'x*', l: '-> a/b.txt' }));
  expect(digest).toBe('7102456ece578afd89743ab93cf15c4a8c26543bea9c6f6f614c6605223b6e4e');
});

test('two names of one file are two files', async () => {
  const root = await treeAt({ a: 'same' });
  await link(join(root, 'a'), join(root, 'b'));
  expect((await packDirectory(root)).digest).toBe((await packDirectory(await treeAt({ a: 'same', b: 'same' }))).digest);
});

test('the tar is one that others read', async () => {
  const { bytes } = await packDirectory(await treeAt({ 'a/b.txt': 'hello', run: 'x*' }));
  const listing = execFileSync('tar', ['-tvf', '-'], {
    input: gunzipSync(bytes),
    env: { ...process.env, TZ: 'UTC' },
  }).toString();
  expect(listing.replace(/ +/g, ' ')).toBe(
    '-rw-r--r-- 0/0 5 1970-01-01 00:00 a/b.txt\n-rwxr-xr-x 0/0 1 1970-01-01 00:00 run\n',
  );
});

test('an empty directory is packed and unpacked as such', async () => {
  expect(await roundTrip(await newDirectory())).toEqual({});
});

test('.gitignore and .relaunchignore, here and below, say what is left out; .git always is', async () => {
  const root = await treeAt({
    '.gitignore': '*.ckpt\n/data/\n',
    '.relaunchignore': 'notes.md\n!keep.ckpt\n',
    'sub/.gitignore': 'local',
    'sub/local': '',
    local: '',
    'a.ckpt': '',
    'data/big': '',
    'sub/data/small': '',
    'notes.md': '',
    '.git/config': '',
    'sub/.git/config': '',
    '.github/ci.yaml': '',
  });
  expect(Object.keys(await roundTrip(root)).sort()).toEqual(
    ['.github/ci.yaml', '.gitignore', '.relaunchignore', 'local', 'sub/.gitignore', 'sub/data/small'].sort(),
  );
});

test('an archive is uploaded once', async () => {
  const packed = await packDirectory(await treeAt({ 'once.py': String(Math.random()) }));
  expect(await uploadArchive(store, packed)).toBe(true);
  expect(await uploadArchive(store, packed)).toBe(false);
});

const name = fc.stringMatching(/^[a-z0-9 _ü@#!*?\[\]{}-]{1,12}$/u).filter((text) => text.trim() !== '');
const content = fc
  .oneof(fc.string({ maxLength: 2_000 }), fc.string({ unit: 'grapheme', maxLength: 50 }))
  .map((text) => text.replace(/\*$/, ''));
const trees = fc.dictionary(
  fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/')),
  content,
  { maxKeys: 12 },
);

test('every tree comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(trees, async (raw) => {
      const paths = Object.keys(raw);
      const tree = Object.fromEntries(
        Object.entries(raw).filter(
          ([path, text]) => !paths.some((other) => other.startsWith(`${path}/`)) && !text.startsWith('-> '),
        ),
      );
      expect(await roundTrip(await treeAt(tree))).toEqual(tree);
    }),
    { numRuns: 30 },
  );
});

test('nothing is left beside the places of unpacked trees', async () => {
  expect((await readdir(scratch)).filter((each) => each.includes('unpacking'))).toEqual([]);
});
