import { describe, expect, test } from 'vitest';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { jobReference, namedJob, projectIn, versionIn } from '../../contracts/job-reference.ts';
import { contentDigest, defaultJobName, jobAlias, jobRecord, jobSpec } from '../../contracts/job-spec.ts';
import { splitImage } from '../../contracts/source.ts';
import { launchSpec, nameOf, type LaunchSpec, type LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { inputsIssues, mergeJob, trialIssues } from '../../contracts/merge-job.ts';
import { jobOf } from '../../contracts/wandb.ts';

const digest = 'a1'.repeat(32);
const code = { source: { code: { dir: '/home/ada/digits', digest } }, entrypoint: ['python', 'train.py'] };

function wrongWith(value: unknown): string {
  const parsed = jobSpec.safeParse(value);
  return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, value));
}

test.each([
  ['digits', { project: 'p', name: 'digits', label: 'latest' }],
  ['digits:prod', { project: 'p', name: 'digits', label: 'prod' }],
  ['vision/digits:v3', { project: 'vision', name: 'digits', label: 'v3' }],
  ['job-a..b:1.2_3-x', { project: 'p', name: 'job-a..b', label: '1.2_3-x' }],
])('%s means a job', (text, job) => {
  expect(jobReference.safeParse(text).success).toBe(true);
  expect(namedJob(text, 'p')).toEqual(job);
});

test.each([
  '',
  ':v3',
  'a:',
  'a/',
  '/a',
  'a/b/c',
  'a b',
  '../a',
  'a/..',
  '.a',
  '-a',
  '__proto__',
  'a:b:c',
  'a\n',
  'ä',
  'a@b',
  'x'.repeat(129),
])('%j means none', (text) => {
  expect(jobReference.safeParse(text).success).toBe(false);
});

test('only v and a number is a version', () => {
  expect(['v0', 'v12', 'v999999999'].map(versionIn)).toEqual([0, 12, 999_999_999]);
  expect(['v', 'v01', 'v-1', 'v1.0', 'V1', '1', 'v1e3', 'v9999999999', 'v1\n'].map(versionIn)).toEqual(
    Array(9).fill(undefined),
  );
});

test('an alias is neither latest nor a version', () => {
  expect(['prod', 'v1.0', '3', 'v'].filter((alias) => !jobAlias.safeParse(alias).success)).toEqual([]);
  expect(['latest', 'v1', 'a b', 'a:b', ''].filter((alias) => jobAlias.safeParse(alias).success)).toEqual([]);
});

test("W&B's entity before a name is told apart", () => {
  expect(jobOf('team/vision/digits:v3')).toEqual({ job: 'vision/digits:v3', entity: 'team' });
  expect(jobOf('vision/digits')).toEqual({ job: 'vision/digits', entity: undefined });
  expect(projectIn('vision/digits')).toBe('vision');
  expect(projectIn('digits')).toBeUndefined();
});

test.each([
  ['an image', { image: 'registry.example:5000/team/train:v3' }, 'job-registry.example_5000_team_train'],
  ['an image by digest', { image: `train@sha256:${digest}` }, 'job-train'],
  ['a directory', { code: { dir: '/home/ada/my digits/' } }, 'job-code-my_digits'],
  ['a commit', { git: { url: 'https://git.example/a/b.git' } }, 'job-https___git.example_a_b.git_sub_x.py'],
  ['a commit over ssh', { git: { url: 'git@git.example:a/b.git' } }, 'job-git_git.example_a_b.git_sub_x.py'],
  ['what is long', { image: `${'a'.repeat(100)}/${'b'.repeat(100)}` }, `job-${'a'.repeat(59)}..${'b'.repeat(63)}`],
])('the name of a job of %s is made as W&B makes it', (_, source, name) => {
  expect(
    defaultJobName(jobSpec.parse({ source, ...('image' in source ? {} : { entrypoint: ['python', 'sub/x.py'] }) })),
  ).toBe(name);
  expect(name.length).toBeLessThanOrEqual(128);
});

test.each([
  ['train', { repository: 'train', tag: undefined }],
  ['localhost:5000/train', { repository: 'localhost:5000/train', tag: undefined }],
  ['localhost:5000/train:v3', { repository: 'localhost:5000/train', tag: 'v3' }],
  [`train:v3@sha256:${digest}`, { repository: 'train', tag: 'v3' }],
])('%s is split into name and tag', (image, parts) => {
  expect(splitImage(image)).toEqual(parts);
});

describe('a job', () => {
  test.each([
    ['of code', code],
    ['of code with a Dockerfile of its own command', { ...code, entrypoint: [], dockerfile: 'Dockerfile' }],
    ['of code on a base image', { ...code, baseImage: 'torch:2.9', buildContext: 'src', workingDir: 'x' }],
    ['of a commit', { source: { git: { url: 'https://git.example/a', ref: 'main' } }, entrypoint: ['x'] }],
    ['of an image', { source: { image: 'train:v3' }, entrypoint: ['sh', '-c', 'cd ..'] }],
    [
      'with defaults within its inputs',
      {
        ...code,
        runConfig: { lr: 1 },
        inputs: { type: 'object', properties: { lr: { type: 'number' }, n: { type: 'integer', required: true } } },
      },
    ],
    ['with services', { ...code, services: { board: 'always', Board: 'never' } }],
  ])('%s is one', (_, job) => {
    expect(wrongWith(job)).toBe('');
  });

  test.each([
    ['without a source', { entrypoint: ['x'] }, 'source is missing: a source: exactly one of'],
    ['of two', { source: { ...code.source, image: 'x' } }, 'exactly one of'],
    ['of a commit without a command', { source: { git: { url: 'https://git.example/a' } } }, 'entrypoint is missing'],
    [
      'of a repository elsewhere',
      { source: { git: { url: 'file:///x' } }, entrypoint: ['x'] },
      'source.git.url is "file:///x"',
    ],
    ['of code without a command', { source: code.source }, 'entrypoint is missing: a command and its arguments'],
    ['whose command leaves it', { ...code, entrypoint: ['python', '../x.py'] }, 'without ".."'],
    ['whose command is an option', { ...code, entrypoint: ['-c'] }, 'begins with the name of a program'],
    [
      'of an image with a Dockerfile',
      { source: { image: 'x' }, dockerfile: 'D' },
      'dockerfile is "D": not of an image',
    ],
    ['of an image on an image', { source: { image: 'x' }, baseImage: 'y' }, 'baseImage is "y": not of an image'],
    ['of an image with a runtime', { source: { image: 'x' }, builder: { runtime: '3.11' } }, 'builder is'],
    ['of Python 2', { ...code, builder: { runtime: '2.7' } }, 'builder.runtime is "2.7": a version of Python such as'],
    ['built and mounted', { ...code, dockerfile: 'D', baseImage: 'x' }, 'baseImage is "x": not with a dockerfile'],
    ['outside of its context', { ...code, buildContext: '../x' }, 'buildContext is "../x": a path within the source'],
    ['with a service at times', { ...code, services: { a: 'Always' } }, 'services.a is "Always": always or never'],
    [
      'with defaults beside its inputs',
      { ...code, runConfig: { lr: 'x' }, inputs: { type: 'object', properties: { lr: { type: 'number' } } } },
      'runConfig.lr is "x": a number',
    ],
    ['with a field that nobody knows', { ...code, env: {} }, 'env is {}: not a known field'],
  ])('%s is none', (_, job, sentence) => {
    expect(wrongWith(job)).toContain(sentence);
  });

  test('is the same wherever its code lay, and whatever order it was written in', () => {
    const moved = { entrypoint: code.entrypoint, source: { code: { digest, dir: '/elsewhere' } }, services: {} };
    expect(contentDigest(jobSpec.parse(moved))).toBe(contentDigest(jobSpec.parse(code)));
    const other = { ...code, runConfig: { lr: 1 } };
    expect(contentDigest(jobSpec.parse(other))).not.toBe(contentDigest(jobSpec.parse(code)));
  });

  test('of a commit is the same under whatever name that was found', () => {
    const at = (ref: string, more: object = {}) =>
      contentDigest(
        jobSpec.parse({
          ...code,
          source: { git: { url: 'https://git.example/a', ref, commit: 'a'.repeat(40), ...more } },
        }),
      );
    expect(at('main')).toBe(at('v1'));
    expect(at('main', { submodules: true })).not.toBe(at('main'));
    expect(at('main', { commit: 'b'.repeat(40) })).not.toBe(at('main'));
  });

  test('is kept with its code packed, and reads as it was written', () => {
    const record = {
      job: jobSpec.parse({ ...code, builder: { runtime: 'python-3.11.4' } }),
      createdAt: new Date(0).toISOString(),
    };
    expect(jobRecord.parse(record)).toEqual(record);
    const moving = { ...record, job: { ...record.job, source: { git: { url: 'https://git.example/a' } } } };
    expect(jobRecord.safeParse(moving).error?.issues).toMatchObject([{ path: ['job', 'source', 'git', 'commit'] }]);
    const unpacked = { ...record, job: { ...record.job, source: { code: { dir: '.' } } } };
    expect(jobRecord.safeParse(unpacked).error?.issues).toMatchObject([{ path: ['job', 'source', 'code', 'digest'] }]);
  });
});

describe('a launch of a job', () => {
  const job = jobSpec.parse({
    ...code,
    baseImage: 'torch:2.9',
    workingDir: 'src',
    builder: { runtime: '3.11' },
    runConfig: { lr: 0.1, optim: { name: 'adam', beta: 0.9 }, layers: [1, 2] },
    inputs: { type: 'object', properties: { lr: { type: 'number', maximum: 1, required: true } } },
  });
  const merged = (more: Partial<LaunchSpecInput> = {}) =>
    mergeJob(launchSpec.parse({ queue: 'gpu', source: { job: 'digits' }, ...more }), job);

  test('that says nothing is what the job says', () => {
    expect(merged({ entrypoint: [], runConfig: {} })).toMatchObject({
      ...{ source: code.source, entrypoint: ['python', 'train.py'], baseImage: 'torch:2.9', workingDir: 'src' },
      ...{ builder: { runtime: '3.11' }, runConfig: job.runConfig, queue: 'gpu' },
    });
  });

  test('holds over it where it says something: a command whole, a configuration map by map', () => {
    const spec = merged({
      ...{ entrypoint: ['sh'], args: ['-x'], workingDir: 'w', builder: { acceleratorImage: 'cuda' } },
      runConfig: { optim: { name: 'sgd' }, layers: [3], seed: 7 },
    });
    expect(spec).toMatchObject({
      ...{ entrypoint: ['sh'], args: ['-x'], workingDir: 'w', baseImage: 'torch:2.9' },
      builder: { runtime: '3.11', acceleratorImage: 'cuda' },
    });
    expect(spec.runConfig).toEqual({ lr: 0.1, optim: { name: 'sgd', beta: 0.9 }, layers: [3], seed: 7 });
  });

  test('by a Dockerfile of its own is not mounted, too', () => {
    expect(merged({ dockerfile: 'D' })).toMatchObject({ dockerfile: 'D', baseImage: undefined });
  });

  test('is refused where it patches files beyond what is said of them; what it leaves out is there', () => {
    const properties = { lr: { type: 'number', maximum: 1 }, n: { type: 'integer', required: true } };
    const strict = jobSpec.parse({ ...code, fileInputs: { 'conf/train.yaml': { type: 'object', properties } } });
    const issues = (files: LaunchSpecInput['files']) => formatIssues(inputsIssues(strict, merged({ files })));
    expect(issues({ 'conf/train.yaml': { lr: 0.5, other: null }, 'other.json': { lr: 'x' } })).toBe('');
    expect(issues({ 'conf/train.yaml': { lr: 2, n: null } })).toBe(
      'files.conf/train.yaml.lr is 2: a number, at most 1\nfiles.conf/train.yaml.n is null: a whole number',
    );
  });

  test('is refused beyond its inputs, also those that it takes from the job', () => {
    expect(inputsIssues(job, merged())).toEqual([]);
    expect(inputsIssues(job, merged({ runConfig: { lr: 2 } }))).toMatchObject([{ path: 'runConfig.lr', value: '2' }]);
    const bare = { ...job, runConfig: {} };
    const spec = mergeJob(launchSpec.parse({ queue: 'q', source: { job: 'd' } }), bare);
    expect(inputsIssues(bare, spec)).toMatchObject([{ path: 'runConfig.lr', value: undefined }]);
    expect(inputsIssues(bare, spec, { isWhole: false })).toEqual([]);
  });

  test('of a sweep is looked at with its points, and with what the queue has beneath', () => {
    const bare = { ...job, runConfig: {} };
    const trials = (points: object[], defaults?: LaunchSpec['runConfig']) =>
      trialIssues(bare, { launch: { seed: 1 }, defaults }, points.map((config) => ({ config }))); // prettier-ignore
    expect(trials([{ lr: 1 }, { lr: 0.5 }])).toEqual([]);
    expect(trials([{ lr: 1 }, { lr: 2 }, { lr: 3 }])).toMatchObject([{ path: 'runConfig.lr', value: '2' }]);
    expect(trials([{}])).toMatchObject([{ path: 'runConfig.lr', value: undefined }]);
    expect(trials([{}], { lr: 1 })).toEqual([]);
  });

  test('is called as the job is', () => {
    expect(nameOf(launchSpec.parse({ queue: 'q', source: { job: 'vision/digits:v3' } }))).toBe('digits');
  });
});
