import { link, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { patchFiles } from '../../activities/sources/patch-files.ts';
import { filePatches } from '../../contracts/job-inputs.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'relaunch-patch-'));
  await mkdir(join(root, 'src/conf'), { recursive: true });
  await writeFile(join(root, 'src/conf/train.json'), '{"lr": 1, "keep": true}', { mode: 0o440 });
});
afterEach(() => rm(root, { recursive: true }));

const file = (path: string) => readFile(join(root, path), 'utf8');

test('a file is patched from the directory in which the command starts, and keeps its rights', async () => {
  await link(join(root, 'src/conf/train.json'), join(root, 'other-name'));
  await patchFiles(join(root), './src/', { 'conf/train.json': { lr: 2 } });
  expect(JSON.parse(await file('src/conf/train.json'))).toEqual({ lr: 2, keep: true });
  expect((await stat(join(root, 'src/conf/train.json'))).mode & 0o777).toBe(0o440);
  expect(await file('other-name')).toBe('{"lr": 1, "keep": true}');
});

test.each([
  ['that is not there', 'src', 'conf/other.json', 'there is no such file in the source'],
  ['that is a directory', 'src', 'conf.json', 'there is no such file in the source'],
  ['that is a link', 'src', 'link.json', 'src/link.json is a symbolic link'],
  ['behind a link', 'src', 'out/x.json', 'src/out is a symbolic link'],
  ['whose directory is reached by one', 'link', 'train.json', 'link is a symbolic link'],
  ['that is too large', 'src', 'large.yaml', 'it has 1048577 bytes, at most 1 MiB'],
  ['that is none of its kind', 'src', 'wrong.json', "Unexpected token 'a'"],
])('one %s is refused', async (_, directory, path, reason) => {
  await mkdir(join(root, 'src/conf.json'));
  await mkdir(join(root, 'outside'));
  await writeFile(join(root, 'outside/x.json'), '{}');
  await symlink('conf/train.json', join(root, 'src/link.json'));
  await symlink('../outside', join(root, 'src/out'));
  await symlink('src/conf', join(root, 'link'));
  await writeFile(join(root, 'src/large.yaml'), ' '.repeat(1_024 ** 2 + 1));
  await writeFile(join(root, 'src/wrong.json'), 'a: 1');
  await expect(patchFiles(root, directory, { [path]: { a: 1 } })).rejects.toMatchObject({
    type: 'LaunchRejected',
    message: `files: ${path} is not patched: ${reason}${reason.startsWith('Unexpected') ? ', "a: 1" is not valid JSON' : ''}`,
  });
  expect(await file('outside/x.json')).toBe('{}');
  expect(await file('src/conf/train.json')).toBe('{"lr": 1, "keep": true}');
});

test.each(['a.json', 'a/b.yaml', 'a..b.yml', '..a/x.json', 'ä.yaml'])('%j may be patched', (path) => {
  expect(filePatches.safeParse({ [path]: {} }).success).toBe(true);
});

test.each([
  '', '/a.json', '../a.json', 'a/../b.json', './a.json', 'a//b.json', 'a.toml', 'a', 'a.json/', 'a\0.json', 'a\n.json',
  'a\u0085.json', 'a\\b.json', `${'a'.repeat(1_000)}.json`,
])('%j may not', (path) => {
  expect(filePatches.safeParse({ [path]: {} }).success).toBe(false);
}); // prettier-ignore

test.each([[['a']], ['a'], [null], [{ 'a.json': ['a'] }], [{ 'a.json': 'text' }], [{ 'a.json': null }]])(
  '%j changes no files',
  (files) => {
    expect(filePatches.safeParse(files).success).toBe(false);
  },
);
