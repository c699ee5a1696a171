import { readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

interface Package {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const ours = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Required<Package>;

/** What is imported of packages that cannot be imported as a whole. */
const entries: Readonly<Record<string, string>> = { '@noble/hashes': '@noble/hashes/sha2.js' };

test.each(Object.keys(ours.dependencies))('%s can be imported under this Node', async (name) => {
  expect(Object.keys((await import(entries[name] ?? name)) as object).length).toBeGreaterThan(0);
});

test('every dependency has one exact version', () => {
  for (const version of Object.values({ ...ours.dependencies, ...ours.devDependencies })) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

/** Where protobufjs 8 is installed. Two copies break the replay of histories: each refuses the other's types. */
function protobufs8(installed: readonly { directory: string; name: string; version: string }[]): string[] {
  return installed
    .filter(({ name, version }) => name === 'protobufjs' && version.startsWith('8.'))
    .map(({ directory }) => directory);
}

test('protobufjs 8 is installed once', async () => {
  const installed = [];
  for await (const file of glob('node_modules/**/node_modules/protobufjs/package.json', { cwd: root }))
    installed.push(file);
  for await (const file of glob('node_modules/protobufjs/package.json', { cwd: root })) installed.push(file);
  const found = await Promise.all(
    [...new Set(installed)].map(async (file) => ({
      ...(JSON.parse(await readFile(join(root, file), 'utf8')) as Package),
      directory: file,
    })),
  );
  expect(protobufs8(found)).toEqual(['node_modules/protobufjs/package.json']);
});

test('a second copy of protobufjs 8 would be noticed, one of version 7 is none', () => {
  const copy = (directory: string, version: string, name = 'protobufjs') => ({ directory, name, version });
  expect(protobufs8([copy('a', '8.8.1'), copy('b', '8.0.0'), copy('c', '7.5.0'), copy('d', '8.1.0', 'other')])).toEqual(
    ['a', 'b'],
  );
});
