import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { deleteJob, jobDeletion } from '../../client/delete-job.ts';
import { createJob, describeJob, listJobs } from '../../client/jobs.ts';
import { namedJob } from '../../contracts/job-reference.ts';
import { launchSpec } from '../../contracts/launch-spec.ts';
import { readAliases } from '../../store/job-aliases.ts';
import { jobLaunch } from '../../store/job-launch.ts';
import { jobVersions, findJob } from '../../store/jobs.ts';
import { keyOf } from '../../store/layout.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { jobsAtOnce } from '../support/jobs-at-once.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-jobs-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

let store: Store;
beforeEach(async () => {
  store = openStore(pathToFileURL(await mkdtemp(join(scratch, 'store-'))).href);
});

const image = (name: string) => ({ source: { image: name } });
const train = { project: 'vision', name: 'train' };
const found = async (reference: string) => (await findJob(store, namedJob(reference, 'vision'))).version;

test('a version changes with its content alone, and latest follows', async () => {
  expect(await createJob(store, image('a'), train)).toMatchObject({ id: 'vision/train:v0', version: 0, isNew: true });
  expect(await createJob(store, image('a'), { ...train, user: 'eve' })).toMatchObject({ version: 0, isNew: false });
  expect(await createJob(store, { ...image('a'), entrypoint: ['x'] }, train)).toMatchObject({
    version: 1,
    isNew: true,
  });
  expect(await found('train')).toBe(1);
  // As in W&B, what counts is the newest version: a change back is a change.
  expect(await createJob(store, image('a'), train)).toMatchObject({ version: 2, isNew: true });
  expect(await found('train:latest')).toBe(2);
  expect(await found('vision/train:v0')).toBe(0);
});

test('a directory is packed once, wherever it lies', async () => {
  const [one, two] = [join(scratch, 'one'), join(scratch, 'two')];
  for (const dir of [one, two]) {
    await mkdir(dir);
    await writeFile(join(dir, 'train.py'), 'print(1)');
  }
  const at = (dir: string) => ({ source: { code: { dir } }, entrypoint: ['python', 'train.py'] });
  expect(await createJob(store, at(one), { name: 'digits' })).toMatchObject({ id: 'uncategorized/digits:v0' });
  expect(await createJob(store, at(two), { name: 'digits' })).toMatchObject({ version: 0, isNew: false });
  await writeFile(join(two, 'train.py'), 'print(2)');
  expect(await createJob(store, at(two), { name: 'digits' })).toMatchObject({ version: 1, isNew: true });
  expect(await store.list('code/')).toHaveLength(2);
});

test('aliases move to the version they are asked for, an image has its tag', async () => {
  await createJob(store, image('train:1.0'), { ...train, aliases: ['prod', 'best'] });
  expect(await createJob(store, image('train:1.1'), { ...train, aliases: ['prod'] })).toMatchObject({
    aliases: ['prod', '1.1'],
    notes: [],
  });
  expect(await readAliases(store, train)).toEqual({ prod: 1, best: 0, '1.0': 0, '1.1': 1 });
  expect(await found('train:best')).toBe(0);
  // Content that was there may get another name, and gives one back.
  expect(await createJob(store, image('train:1.1'), { ...train, aliases: ['best'] })).toMatchObject({ isNew: false });
  expect(await found('train:best')).toBe(1);
  const { aliases, notes } = await createJob(store, image('train:v7'), train);
  expect(aliases).toEqual([]);
  expect(notes).toEqual([expect.stringContaining('tag v7 is no alias')]);
});

jobsAtOnce('jobs in a directory', () => Promise.resolve(store));

test.each([
  ['nothing to run', { source: { code: { dir: '.' } } }, {}, ['entrypoint is missing']],
  ['no directory', { source: { code: {} }, entrypoint: ['x'] }, {}, ['source.code.dir is missing']],
  [
    'wrong names',
    image('a'),
    { project: 'a/b', name: '..', aliases: ['latest'], description: 'a\u001b[31m' },
    ['project is "a/b"', 'name is ".."', 'aliases.0 is "latest": no alias of yours', 'description is'],
  ],
])('a job with %s is refused, and nothing is created', async (_, spec, naming, sentences) => {
  const creating = createJob(store, spec, naming);
  for (const sentence of sentences)
    await expect(creating).rejects.toMatchObject({
      type: 'LaunchRejected',
      message: expect.stringContaining(sentence) as string,
    });
  expect(await store.list('')).toEqual([]);
});

test.each([
  ['no such job', 'trian', 'job vision/trian does not exist in file:', 'project vision has: train'],
  ['no such project', 'sound/x', 'job sound/x does not exist', 'project sound has no jobs: create one with'],
  ['no such version', 'train:v7', 'job vision/train:v7 does not exist', 'up to v0 (latest), prod'],
  ['no such alias', 'train:toString', 'job vision/train:toString does not exist', 'up to v0 (latest), prod'],
])('%s: what there is is said', async (_, reference, ...sentences) => {
  await createJob(store, image('a'), { ...train, aliases: ['prod'] });
  for (const sentence of sentences)
    await expect(found(reference)).rejects.toMatchObject({
      type: 'LaunchRejected',
      message: expect.stringContaining(sentence) as string,
    });
});

describe('what somebody has put into the store by hand', () => {
  const put = (key: string, content: unknown) =>
    store.put(key, Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)));
  const record = (job: unknown) => ({ job, createdAt: new Date(0).toISOString() });

  test.each([
    ['no JSON', '{', 'it is not JSON'],
    ['nothing of a job', [], 'it is []'],
    [
      'another image',
      record({ source: { image: '--privileged' } }),
      'job.source.image is "--privileged": a name such as',
    ],
    [
      'a Dockerfile elsewhere',
      record({ source: { code: { digest: 'a'.repeat(64) } }, dockerfile: '../../etc/passwd' }),
      'job.dockerfile is "../../etc/passwd"',
    ],
    [
      'code that was not packed',
      record({ source: { code: { dir: '/etc' } }, entrypoint: ['x'] }),
      'job.source.code.digest is missing',
    ],
    [
      'an environment',
      record({ source: { image: 'x' }, env: { LD_PRELOAD: 'x' } }),
      'job.env is {"LD_PRELOAD":"x"}: not a known field',
    ],
    ['depths', record({ source: { image: 'x' }, runConfig: { a: deep(200) } }), 'nested more than 100 levels'],
    ['too much', 'x'.repeat(2_000_001), 'it has more than 2000000 bytes'],
  ])('%s as a version is refused in one sentence that names it', async (_, content, sentence) => {
    await put(keyOf.jobVersion('vision', 'train', 0), content);
    const error = await found('train').catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ type: 'LaunchRejected' });
    expect((error as Error).message).toMatch(/^vision\/train:v0 \(jobs\/vision\/train\/v0\.json\) is no job: [^\n]*$/);
    expect((error as Error).message).toContain(sentence);
    expect(await createJob(store, image('a'), train)).toMatchObject({ version: 1 });
    expect((await describeJob(store, 'vision/train')).versions).toMatchObject([{ version: 1 }, { version: 0 }]);
  });

  function deep(levels: number): unknown {
    return JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  }

  test('aliases that are none are refused; the newest version is launched without them', async () => {
    await createJob(store, image('a'), train);
    await put(keyOf.jobAliases('vision', 'train'), { prod: 'v0', latest: 7 });
    await expect(found('train:prod')).rejects.toMatchObject({
      type: 'LaunchRejected',
      message: expect.stringContaining(
        'the aliases of job vision/train (jobs/vision/train/aliases.json) are none: prod is "v0"',
      ) as string,
    });
    expect(await found('train')).toBe(0);
    expect(await listJobs(store)).toEqual([{ ...train, newest: 0, versions: 1, aliases: undefined }]);
  });

  test('names that are no versions do not count', async () => {
    for (const name of ['v01', 'v-1', 'v1e3', 'vx', 'aliases', 'v7/x', 'v1.0'])
      await put(`jobs/vision/train/${name}.json`, '{}');
    expect(await jobVersions(store, train)).toEqual([]);
    await put('jobs/vision/train/v999999999.json', '{}');
    await expect(createJob(store, image('a'), train)).rejects.toMatchObject({
      message: expect.stringContaining('cannot have more versions') as string,
    });
  });
});

test('jobs are listed with their versions and aliases, those of a project alone too', async () => {
  await createJob(store, image('a'), { ...train, aliases: ['prod'] });
  await createJob(store, image('b'), train);
  await createJob(store, image('c:1'));
  const rows = [
    { project: 'uncategorized', name: 'job-c', newest: 0, versions: 1, aliases: { '1': 0 } },
    { ...train, newest: 1, versions: 2, aliases: { prod: 0 } },
  ];
  expect(await listJobs(store)).toEqual(rows);
  expect(await listJobs(store, { project: 'vision' })).toEqual(rows.slice(1));
  await expect(listJobs(store, { project: '../x' })).rejects.toMatchObject({ type: 'LaunchRejected' });
});

test('a job is described with the version that is asked for', async () => {
  await createJob(store, image('a'), { ...train, aliases: ['prod'], description: 'the first', user: 'ada' });
  await createJob(store, image('b'), train);
  expect(await describeJob(store, 'train:prod', 'vision')).toMatchObject({
    ...train,
    ...{ version: 0, newest: 1, aliases: { prod: 0 } },
    record: { job: image('a'), description: 'the first', by: 'ada' },
    versions: [{ version: 1 }, { version: 0, record: { by: 'ada' } }],
  });
});

describe('a deletion', () => {
  const remove = async (reference: string, user?: string) =>
    deleteJob(store, await jobDeletion(store, reference, 'vision'), { user });
  const gone = (message: RegExp) => ({ code: 'job-not-found', message: expect.stringMatching(message) as string });

  beforeEach(async () => {
    await createJob(store, image('a'), { ...train, aliases: ['prod', 'old'] });
    await createJob(store, image('b'), { ...train, aliases: ['prod'] });
    await createJob(store, image('c'), train);
  });

  test('of a version takes it with its aliases, and says so; the others stay', async () => {
    await remove('train:v0', 'ada');
    expect(await jobVersions(store, train)).toEqual([1, 2]);
    expect(await readAliases(store, train)).toEqual({ prod: 1 });
    expect(await found('train')).toBe(2);
    await expect(found('train:v0')).rejects.toThrow(
      /^job vision\/train:v0 was deleted at \S+Z by ada; of vision\/train there are versions up to v2 \(latest\), prod$/,
    );
    await expect(remove('train:v0')).rejects.toMatchObject(gone(/:v0 was deleted at .* by ada/));
    expect(await listJobs(store)).toEqual([{ ...train, newest: 2, versions: 2, aliases: { prod: 1 } }]);
    expect((await describeJob(store, 'vision/train')).versions).toMatchObject([{ version: 2 }, { version: 1 }]);
  });

  test('of the newest version leaves the one before it as the newest; numbers go on', async () => {
    await remove('train:v2');
    expect(await found('train')).toBe(1);
    expect(await createJob(store, image('b'), train)).toMatchObject({ version: 1, isNew: false });
    expect(await createJob(store, image('c'), train)).toMatchObject({ version: 3, isNew: true });
  });

  test('of an alias leaves the version that it led to', async () => {
    await remove('train:prod');
    expect(await readAliases(store, train)).toEqual({ old: 0 });
    expect(await jobVersions(store, train)).toEqual([0, 1, 2]);
    await expect(remove('train:prod')).rejects.toMatchObject(gone(/^job vision\/train:prod does not exist/));
  });

  test('of a whole job takes all of it; the next one of its name goes on counting', async () => {
    await remove('train');
    expect(await listJobs(store)).toEqual([]);
    for (const reference of ['train', 'train:prod'])
      await expect(found(reference)).rejects.toThrow(/does not exist .*; project vision has no jobs/);
    await expect(remove('train')).rejects.toMatchObject(gone(/^job vision\/train does not exist/));
    expect(await createJob(store, image('c'), train)).toMatchObject({ id: 'vision/train:v3', isNew: true });
    expect(await listJobs(store)).toEqual([{ ...train, newest: 3, versions: 1, aliases: {} }]);
  });

  test('is none of what moves by itself, and of no name', async () => {
    for (const reference of ['train:latest', 'a/b/c'])
      await expect(jobDeletion(store, reference, 'vision')).rejects.toMatchObject({ type: 'LaunchRejected' });
    expect(await jobVersions(store, train)).toEqual([0, 1, 2]);
  });

  test('takes what is damaged as well', async () => {
    for (const key of [keyOf.jobVersion('vision', 'train', 1), keyOf.jobAliases('vision', 'train')])
      await store.put(key, Buffer.from('{'));
    await remove('train');
    expect(await listJobs(store)).toEqual([]);
    await store.put(keyOf.jobDeletion('vision', 'train', 0), Buffer.from('{"by": 7}'));
    await store.remove(keyOf.jobAliases('vision', 'train'));
    await expect(found('train:v0')).rejects.toThrow(/^job vision\/train:v0 was deleted; project vision has no jobs/);
  });

  test('leaves a version to whoever has pinned it', async () => {
    const { digest } = await findJob(store, namedJob('train:v1', 'vision'));
    await remove('train');
    const launch = (job: object) =>
      jobLaunch(store, launchSpec.parse({ queue: 'q', source: { job: { name: 'vision/train:v1', ...job } } }));
    expect(await launch({ digest })).toMatchObject({ job: { version: 1 }, issues: [] });
    await expect(launch({})).rejects.toThrow(/vision\/train:v1 was deleted/);
  });
});
