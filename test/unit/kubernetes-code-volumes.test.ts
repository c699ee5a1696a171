import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CodeVolumes, type KubernetesPoint } from '../../activities/backends/kubernetes/code-volumes.ts';
import { parseKubernetesArgs } from '../../activities/backends/kubernetes/queue-args.ts';
import { contextDigest } from '../../activities/images/context-digest.ts';
import type { TreeEntry } from '../../activities/images/context-entries.ts';
import { never } from '../support/backend-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { until } from '../support/until.ts';

let root: string;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-27T23:59:00Z') });
  root = await mkdtemp(join(tmpdir(), 'relaunch-code-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(root, { recursive: true, force: true });
});

const file = (path: string, text: string, isExecutable = false): TreeEntry => ({
  ...{ path, kind: 'file', isExecutable },
  content: Buffer.from(text),
});
const tree: TreeEntry[] = [
  file('part/of/it', 'whole'),
  { path: 'part', kind: 'directory' },
  { path: 'empty', kind: 'directory' },
  { path: 'link', kind: 'link', target: 'part/of' },
  file('tool', '#!/bin/sh', true),
  file('.relaunch/requirements/requirements.txt', 'six'),
];
const run = { tree };
const other = { tree: tree.map((entry) => (entry.path === 'tool' ? file('tool', 'another', true) : entry)) };
const [digest, otherDigest] = [await contextDigest(tree), await contextDigest(other.tree)];
const code = { claimName: 'code', subPath: 'relaunch-code' };
const day = 'relaunch-code/team/train/2026-11-27';

interface Agent {
  used?: string[] | undefined;
  reached?: (point: KubernetesPoint) => Promise<void>;
  paths?: Record<string, string>;
}

const agent = (options: Agent = {}): CodeVolumes => {
  const { paths = { code: root }, reached = () => Promise.resolve() } = options;
  const used = 'used' in options ? options.used : [];
  return new CodeVolumes({ paths, reached, usedIn: () => (used === undefined ? undefined : new Set(used)) });
};

const put = (volumes: CodeVolumes, of = run): Promise<string> =>
  volumes.put({ entity: 'team' }, code, 'train', of, never);

async function expectWhole(path: string): Promise<void> {
  expect((await readdir(join(root, path))).toSorted()).toEqual(['.relaunch', 'empty', 'link', 'part', 'tool']);
  expect(await readFile(join(root, path, 'link/it'), 'utf8')).toBe('whole');
}

test('what is put there everybody may read, and nobody else change, whatever the agent masks', async () => {
  const masked = process.umask(0o077);
  try {
    expect(await put(agent())).toBe(`${day}/${digest}`);
  } finally {
    process.umask(masked);
  }
  await expectWhole(`${day}/${digest}`);
  expect(await readlink(join(root, day, digest, 'link'))).toBe('part/of');
  const modeOf = async (path: string): Promise<number> => (await stat(join(root, path))).mode & 0o777;
  for (const path of [
    'relaunch-code',
    'relaunch-code/team',
    day,
    `${day}/${digest}`,
    `${day}/${digest}/part`,
    `${day}/${digest}/tool`,
  ])
    expect(await modeOf(path), path).toBe(0o755);
  for (const path of ['part/of/it', '.relaunch/requirements/requirements.txt'])
    expect(await modeOf(`${day}/${digest}/${path}`)).toBe(0o644);
});

/** Stands still at a point. */
function heldAt(point: KubernetesPoint): { volumes: CodeVolumes; there: Promise<unknown>; letGo: () => void } {
  const [held, there] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const reached = (at: KubernetesPoint): Promise<void> => {
    if (at !== point) return Promise.resolve();
    there.resolve(undefined);
    return held.promise;
  };
  return { volumes: agent({ reached }), there: there.promise, letGo: () => held.resolve(undefined) }; // prettier-ignore
}

test.each(['kubernetes:code-begun', 'kubernetes:code-written', 'kubernetes:code-placed'] as const)(
  'where one agent stands still at %s, or comes no further, another one’s runs have all of it, and the first leaves it as it is',
  async (point) => {
    const { volumes, there, letGo } = heldAt(point);
    const first = put(volumes);
    await there;
    const names = await readdir(join(root, day));
    if (names.includes(digest)) await expectWhole(`${day}/${digest}`);
    expect(await put(agent())).toBe(`${day}/${digest}`);
    await expectWhole(`${day}/${digest}`);
    const { ino } = await stat(join(root, day, digest));
    letGo();
    expect(await first).toBe(`${day}/${digest}`);
    expect((await stat(join(root, day, digest))).ino).toBe(ino);
    expect(await readdir(join(root, day))).toEqual([digest]);
  },
);

test('of many runs of an agent at once one writes, and where that one is called off the next', async () => {
  let begun = 0;
  const called = new AbortController();
  const volumes = agent({
    reached: (point) => {
      if (point === 'kubernetes:code-begun' && ++begun === 1) called.abort(new Error('called off'));
      return Promise.resolve();
    },
  });
  const first = volumes.put({ entity: 'team' }, code, 'train', run, called.signal);
  const others = [1, 2, 3].map(() => put(volumes));
  await expect(first).rejects.toThrow('called off');
  await Promise.all(others);
  expect(begun).toBe(2);
  await expectWhole(`${day}/${digest}`);
  expect(await readdir(join(root, day))).toEqual([digest]);
});

test('an empty directory, as a kubelet makes it where somebody removed the code, is not taken for it', async () => {
  await mkdir(join(root, day, digest), { recursive: true });
  await put(agent());
  await expectWhole(`${day}/${digest}`);
});

test('code of earlier days goes when no attempt has it, with what is left of those who were killed; that of yesterday stays', async () => {
  const { volumes, there } = heldAt('kubernetes:code-written');
  void put(volumes);
  await there;
  await put(agent());
  await put(agent(), other);
  const above = join(root, 'relaunch-code/team/train');
  await mkdir(join(above, 'lost+found'));
  vi.setSystemTime(new Date('2026-11-28T00:01:00Z'));
  await put(agent());
  const used = agent({ used: [`${day}/${otherDigest}`] });
  vi.setSystemTime(new Date('2026-11-29T00:01:00Z'));
  await put(agent({ used: undefined }));
  await put(used, { tree: [] });
  await until('the unused is gone', async () => {
    const left = await readdir(join(root, day));
    if (left.length === 1) return true;
    throw new Error(left.join());
  });
  await expectWhole(`${day}/${otherDigest}`);
  expect((await readdir(above)).toSorted()).toEqual(['2026-11-27', '2026-11-28', '2026-11-29', 'lost+found']);
  vi.setSystemTime(new Date('2026-11-30T00:01:00Z'));
  await put(agent());
  await until('its days are gone', async () => (await readdir(above)).length === 3);
  expect((await readdir(above)).toSorted()).toEqual(['2026-11-29', '2026-11-30', 'lost+found']);
});

const args = parseKubernetesArgs({ namespace: 'train', code: { claimName: 'code' } });
const unknown =
  'resourceArgs.kubernetes.code.claimName is "code", and this agent does not know where it has that volume: its file needs `kubernetes: {code: {code: PATH}}`';

test.each<[string, object, Record<string, string>, string | undefined]>([
  ['of the claim', { namespace: 'train' }, { code: '/x' }, undefined],
  ['of the claim in the namespace', { metadata: { namespace: 'train' } }, { 'train/code': '/x' }, undefined],
  ['of the claim in the namespace of the agent’s own', {}, { 'train/code': '/x' }, undefined],
  ['of the claim in another namespace', { namespace: 'train' }, { 'eval/code': '/x' }, unknown],
  ['of nothing', {}, {}, unknown],
])('whether code can be mounted is known where the agent has the path %s', (_, place, paths, why) => {
  expect(agent({ paths }).whyUnmounted({ ...place, code: { claimName: 'code' } })).toBe(why);
});

test('a queue without such a volume says which key is missing, an agent without its path, too', async () => {
  const none = 'names none (resourceArgs.kubernetes.code.claimName)';
  expect(agent().whyUnmounted({})).toContain(none);
  const without = agent().put({ entity: 'team' }, undefined, 'train', run, never);
  await expect(without).rejects.toThrow(failsAs('AttemptRefused'));
  await expect(without).rejects.toThrow(none);
  await expect(put(agent({ paths: {} }))).rejects.toThrow(unknown);
  await expect(agent({ paths: {} }).check(args, 'train', never)).rejects.toThrow(unknown);
  await agent({ paths: {} }).check(parseKubernetesArgs({}), 'train', never);
});

test('the path of a namespace wins over that of the claim', async () => {
  await put(agent({ paths: { code: '/nowhere', 'train/code': root } }));
  await expectWhole(`${day}/${digest}`);
});

test('a volume that is not there, or is none, is waited for, and nothing is made in its place', async () => {
  const gone = join(root, 'gone');
  await writeFile(join(root, 'file'), '');
  const cannot = (path: string) =>
    `the volume of claim "code" cannot be used at ${path} (kubernetes.code of the agent's file): `;
  const words = { [gone]: 'no such file', [join(root, 'file')]: 'it is no directory' };
  await agent().check(args, 'train', never);
  for (const [path, why] of Object.entries(words)) {
    const checked = agent({ paths: { code: path } }).check(args, 'train', never);
    await expect(checked).rejects.toThrow(failsAs('BackendUnavailable'));
    await expect(checked).rejects.toThrow(cannot(path) + why);
  }
  await expect(put(agent({ paths: { code: gone } }))).rejects.toThrow(cannot(gone) + 'no such file');
  expect((await readdir(root)).toSorted()).toEqual(['file']);
});
