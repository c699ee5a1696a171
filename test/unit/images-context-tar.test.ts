import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contextEntries, withFiles } from '../../activities/images/context-entries.ts';
import { contextTar } from '../../activities/images/context-tar.ts';
import { makeTree, readTree, type Tree } from '../../scripts/testbed/trees.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'relaunch-context-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const bytesOf = async (directory: string): Promise<Buffer> => {
  const entries = withFiles(await contextEntries(directory, () => false), { Dockerfile: 'FROM scratch\n' });
  return Buffer.concat((await contextTar(entries).toArray()) as Buffer[]);
};

test('a context comes out of its tar as it was: small files and large ones, empty ones, links, names of any length and language', async () => {
  const tree: Tree = {
    'train.py': 'print(1)',
    'run.sh': 'exec true*',
    empty: '',
    link: '-> train.py',
    large: 'x'.repeat(1_000_003),
    [`${'deep/'.repeat(60)}ü文.txt`]: 'far',
    ...Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`many/${String(i)}`, `${String(i)}\n`.repeat(1_000)])),
  };
  const [directory, out] = [join(root, 'source'), await mkdtemp(join(root, 'out-'))];
  await makeTree(directory, tree);
  await pipeline(
    contextTar(withFiles(await contextEntries(directory, () => false), { Dockerfile: 'x' })),
    extract({ cwd: out }),
  );
  expect(await readTree(out)).toEqual({ ...tree, Dockerfile: 'x' });
});

test('the same content is the same tar, whenever it was written', async () => {
  const directories = [join(root, 'a'), join(root, 'b')] as const;
  for (const directory of directories)
    await makeTree(directory, { 'train.py': 'print(1)', 'sub/x': 'X', link: '-> sub' });
  await writeFile(join(directories[1], 'train.py'), await readFile(join(directories[0], 'train.py')));
  const [first, second] = await Promise.all(directories.map(bytesOf));
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
});

test.each([
  ['grows', 'longer than before'],
  ['shrinks', ''],
])('a file that %s meanwhile ends the tar with an error', async (_, now) => {
  await makeTree(root, { 'train.py': 'print(1)' });
  const entries = await contextEntries(root, () => false);
  await writeFile(join(root, 'train.py'), now);
  await expect(contextTar(entries).toArray()).rejects.toThrow('train.py changed while it was read');
});
