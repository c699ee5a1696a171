import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contextDigest } from '../../activities/images/context-digest.ts';
import {
  contextEntries,
  entriesAt,
  treeEntries,
  withFiles,
  type ContextEntry,
} from '../../activities/images/context-entries.ts';
import { dockerignore } from '../../activities/images/dockerignore.ts';
import { imageKey, type ImageContent } from '../../activities/images/image-key.ts';
import { sourceDirectory } from '../../activities/images/source-directory.ts';
import { makeTree, type Tree } from '../../scripts/testbed/trees.ts';

const content: ImageContent = {
  dockerfile: 'FROM a\n',
  contextDigest: 'c'.repeat(64),
  bases: { a: `sha256:${'a'.repeat(64)}`, b: `sha256:${'b'.repeat(64)}` },
  platform: 'linux/amd64',
  buildArgs: { A: '1', B: '2' },
};

describe('the key of an image', () => {
  test('is known', () => {
    expect(imageKey(content)).toBe('682bb3f8d385aedd52442b5fef453d91');
  });

  test.each<[string, Partial<ImageContent>]>([
    ['the Dockerfile', { dockerfile: 'FROM a' }],
    ['the context', { contextDigest: 'd'.repeat(64) }],
    ['a base that moved', { bases: { ...content.bases, a: `sha256:${'b'.repeat(64)}` } }],
    ['another base', { bases: { a: content.bases['a'] ?? '' } }],
    ['the platform', { platform: 'linux/arm64' }],
    ['no platform', { platform: undefined }],
    ['a build argument', { buildArgs: { A: '1', B: '3' } }],
    ['a build argument more', { buildArgs: { ...content.buildArgs, C: '' } }],
  ])('changes with %s', (_, change) => {
    expect(imageKey({ ...content, ...change })).not.toBe(imageKey(content));
  });

  test('does not change with the order in which things are given', () => {
    const { dockerfile, contextDigest: digest, platform } = content;
    const bases = Object.fromEntries(Object.entries(content.bases).reverse());
    const same = { buildArgs: { B: '2', A: '1' }, bases, platform, dockerfile, contextDigest: digest };
    expect(imageKey(same)).toBe(imageKey(content));
  });
});

describe('the digest of a context', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'relaunch-context-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function madeOf(tree: Tree): Promise<string> {
    const directory = await mkdtemp(join(root, 'x-'));
    await makeTree(directory, tree);
    return directory;
  }

  const entriesOf = async (tree: Tree, ignore = ''): Promise<ContextEntry[]> =>
    contextEntries(await madeOf(tree), dockerignore(ignore));

  const digestOf = async (tree: Tree, ignore?: string): Promise<string> => contextDigest(await entriesOf(tree, ignore));

  const tree = { 'train.py': 'print(1)', 'sub/run.sh': 'x*', link: '-> sub/run.sh' };

  test('is known, and that of nothing, too', async () => {
    expect(await digestOf(tree)).toBe('e2a2c275191426a6b9e8dc657b8d9b51c71af816d8f22abd629a075a689ee23b');
    expect(await digestOf({})).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  test.each<[string, Tree]>([
    ['content', { ...tree, 'train.py': 'print(2)' }],
    ['a name', { 'train2.py': 'print(1)', 'sub/run.sh': 'x*', link: '-> sub/run.sh' }],
    ['an executable bit', { ...tree, 'train.py': 'print(1)*' }],
    ['the target of a link', { ...tree, link: '-> train.py' }],
    ['a link in place of a file', { ...tree, link: 'sub/run.sh' }],
    ['one file more', { ...tree, x: '' }],
  ])('changes with %s', async (_, other) => {
    expect(await digestOf(other)).not.toBe(await digestOf(tree));
  });

  test('does not change with the order of files, nor with times', async () => {
    const directory = join(root, 'same');
    await makeTree(directory, Object.fromEntries(Object.entries(tree).reverse()));
    await utimes(join(directory, 'train.py'), 1, 1);
    expect(await contextDigest((await contextEntries(directory, () => false)).reverse())).toBe(await digestOf(tree));
  });

  test('does not see what .dockerignore leaves out', async () => {
    const more = { ...tree, 'data/a': '1', 'data/b/keep': '2' };
    expect(await digestOf(more, 'data')).toBe(await digestOf(tree));
    expect(await digestOf(more, 'data\n!data/b/keep')).toBe(await digestOf({ ...tree, 'data/b/keep': '2' }));
  });

  test('sees the files of ours in place of those of the source', async () => {
    const ours = withFiles(entriesAt('src', await entriesOf(tree)), {
      'src/train.py': 'print(2)',
      'requirements/x': '',
    });
    const { 'train.py': _old, ...rest } = tree;
    const expected = Object.fromEntries(
      Object.entries({ ...rest, 'train.py': 'print(2)' }).map(([path, text]) => [`src/${path}`, text]),
    );
    const named = (entries: readonly ContextEntry[]): string[] => entries.map(({ path }) => path).sort();
    expect(named(ours)).toEqual(['requirements/x', 'src/link', 'src/sub/run.sh', 'src/train.py']);
    expect(await contextDigest(ours)).toBe(await digestOf({ ...expected, 'requirements/x': '' }));
  });

  test('and in place of whatever is in their way', async () => {
    const there = await treeEntries(await madeOf({ '.relaunch': '-> /etc', 'a.py/b': '', 'empty/c': '', d: '' }));
    const mixed = withFiles(there, { '.relaunch/x': '1', 'a.py': '2', 'empty/c': '3' });
    expect(mixed.map(({ path, kind }) => `${kind} ${path}`).sort()).toEqual([
      ...['directory empty', 'file .relaunch/x', 'file a.py', 'file d', 'file empty/c'],
    ]);
  });

  test('a directory is read without following links', async () => {
    const directory = join(root, 'source');
    await makeTree(directory, { ...tree, away: '-> /etc', 'sub/deep/x': 'X' });
    const files = sourceDirectory(directory);
    const paths = ['train.py', 'sub', 'sub/deep/x', 'link', 'away', 'away/passwd', 'no', 'no/x', 'train.py/x'];
    expect(paths.map((path) => [path, files.kind(path), files.read(path)])).toEqual([
      ['train.py', 'file', 'print(1)'],
      ['sub', 'directory', undefined],
      ['sub/deep/x', 'file', 'X'],
      ['link', 'other', undefined],
      ['away', 'other', undefined],
      ['away/passwd', 'other', undefined],
      ['no', undefined, undefined],
      ['no/x', undefined, undefined],
      ['train.py/x', undefined, undefined],
    ]);
  });
});
