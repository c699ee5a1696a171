import { describe, expect, test } from 'vitest';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { pinnedSource, source } from '../../contracts/source.ts';

const sha256 = 'a1'.repeat(32);

function wrongWith(value: unknown): string {
  const parsed = source.safeParse(value);
  return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, value));
}

test.each([
  ['a directory', { code: { dir: '.' } }],
  ['an archive that is packed already', { code: { digest: sha256 } }],
  ['a directory with its archive', { code: { dir: '/home/ada/train', digest: sha256 } }],
  ['code that the client has yet to find', { code: {} }],
  ['a repository', { git: { url: 'https://git.example/a.git' } }],
  ['an image', { image: 'busybox' }],
])('%s is a source', (_, value) => {
  expect(source.parse(value)).toEqual(value);
});

describe('exactly one source is needed', () => {
  const one = 'exactly one of code: {dir}, git: {url}, image: NAME and job: NAME';

  test.each([
    ['none', {}, `it is {}: ${one}`],
    ['a directory and a repository', { code: { dir: '.' }, git: { url: 'https://git.example/a' } }, one],
    ['two', { code: { dir: '.' }, image: 'busybox' }, one],
    ['text', 'busybox', `it is "busybox": a source: ${one}`],
    ['nothing', null, `it is null: a source: ${one}`],
    ['a list', [], `it is []: a source: ${one}`],
  ])('not %s', (_, value, sentence) => {
    expect(wrongWith(value)).toContain(sentence);
  });
});

test.each([
  ['by its name', 'vision/digits:prod', { name: 'vision/digits:prod' }],
  ['as a sweep has pinned it', { name: 'a/b:v3', digest: sha256, image: 'train:v3' }, undefined],
])('a job %s is a source', (_, job, read) => {
  expect(source.parse({ job })).toEqual({ job: read ?? job });
});

test.each(['', 'a/b/c', 7, { name: '../x' }, { name: 'a', version: 1 }])('the job %j is none', (job) => {
  expect(wrongWith({ job })).toMatch(/^job(\.\w+)? is .*: (a job such as digits, digits:prod|not a known field)/);
});

test.each([
  ['another source', { svn: 'https://example.org' }, /^svn is .*: not a known field/m],
  ['a digest that is none', { code: { digest: 'A1'.repeat(32) } }, /^code\.digest is "A1.*: the sha256/],
  ['a digest of another length', { code: { digest: sha256.slice(1) } }, /^code\.digest is/],
  ['a key of code that nobody knows', { code: { path: '.' } }, /^code\.path is "\.": not a known field/],
])('%s is named', (_, value, sentence) => {
  expect(wrongWith(value)).toMatch(sentence);
});

describe('an image', () => {
  test.each([
    'busybox',
    'busybox:1.36',
    'busybox:latest_2-x.y',
    'team/train',
    'registry.example/team/train:v3',
    'registry.example:5000/team/train:v3',
    'localhost:5000/train',
    'Registry.Example/train',
    'registry.example/a/b/c/d__e-f.g:v3',
    `busybox@sha256:${sha256}`,
    `registry.example:5000/team/train:v3@sha256:${sha256}`,
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com/train:2026-03-01',
  ])('may be called %s', (image) => {
    expect(wrongWith({ image })).toBe('');
  });

  test.each([
    ['nothing', ''],
    ['two words', 'two words'],
    ['a newline', 'busybox\n'],
    ['an option', '-it'],
    ['a path', '/busybox'],
    ['an address', 'https://registry.example/train'],
    ['an empty part', 'registry.example//train'],
    ['a part that is only a slash', 'registry.example/'],
    ['capitals behind the registry', 'registry.example/Team/train'],
    ['a tag of nothing', 'busybox:'],
    ['two tags', 'registry.example/busybox:1:2'],
    ['a tag that begins with a dash', 'busybox:-1'],
    ['half a digest', 'busybox@sha256:a1'],
    ['a digest in capitals', `busybox@sha256:${sha256.toUpperCase()}`],
    ['another kind of digest', `busybox@md5:${sha256}`],
    ['a variable', 'busybox:${TAG}'],
    ['far too much', 'x'.repeat(513)],
  ])('may not be called %s', (_, image) => {
    expect(wrongWith({ image })).toMatch(/^image is /);
  });

  // Of a name of one part, that is the repository: runtimes take it in small letters only, and InvalidImageName comes late.
  test('may not have capitals in its repository, also without a registry', () => {
    expect(wrongWith({ image: 'Train:v3' })).toMatch(/^image is /);
  });
});

test.each([
  ['code', { code: { digest: sha256 } }, { code: { digest: sha256 } }],
  ['code, without where it was', { code: { dir: '/home/ada', digest: sha256 } }, { code: { digest: sha256 } }],
  [
    'the code of a commit',
    { code: { digest: sha256 }, git: { url: 'u', ref: 'main', commit: 'c' } },
    { code: { digest: sha256 }, git: { url: 'u', ref: 'main', commit: 'c' } },
  ],
  ['an image', { image: 'busybox' }, { image: 'busybox' }],
])('a pinned source is %s', (_, value, expected) => {
  expect(pinnedSource.parse(value)).toEqual(expected);
});

test('code without an archive is not pinned', () => {
  expect(pinnedSource.safeParse({ code: { dir: '.' } }).success).toBe(false);
});
