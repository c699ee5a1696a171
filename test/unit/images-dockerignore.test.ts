import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dockerignore, dockerignoreOf } from '../../activities/images/dockerignore.ts';
import { sourceText } from '../support/source-text.ts';

const leftOut = (text: string, paths: readonly string[]): string[] => paths.filter(dockerignore(text));

/** @see https://docs.docker.com/build/concepts/context/#dockerignore-files */
describe("Docker's own examples", () => {
  const docs = ['README.md', 'README-secret.md', 'README-a.md', 'LICENSE.md', 'a.txt', 'docs/x.md'];

  test.each<[string, string[], string[]]>([
    ['# comment', ['comment'], []],
    [
      '*/temp*',
      ['somedir/temporary.txt', 'somedir/temp', 'temp', 'a/b/temp'],
      ['somedir/temporary.txt', 'somedir/temp'],
    ],
    ['*/*/temp*', ['somedir/subdir/temporary.txt', 'somedir/temp'], ['somedir/subdir/temporary.txt']],
    ['temp?', ['tempa', 'tempb', 'temp', 'tempab', 'tempa/x'], ['tempa', 'tempb', 'tempa/x']],
    ['**/*.go', ['x.go', 'a/x.go', 'a/b/x.go', 'x.got'], ['x.go', 'a/x.go', 'a/b/x.go']],
    ['*.md\n!README.md', docs, ['README-secret.md', 'README-a.md', 'LICENSE.md']],
    ['*.md\n!README*.md\nREADME-secret.md', docs, ['README-secret.md', 'LICENSE.md']],
    ['*.md\nREADME-secret.md\n!README*.md', docs, ['LICENSE.md']],
    ['/foo/bar', ['foo/bar', 'foo/bar/x', 'x/foo/bar'], ['foo/bar', 'foo/bar/x']],
    ['foo/bar/', ['foo/bar/x'], ['foo/bar/x']],
  ])('%j', (text, paths, expected) => {
    expect(leftOut(text, paths)).toEqual(expected);
  });
});

/** What moby/patternmatcher 0.6 answers. */
test.each<[string, string[], string[]]>([
  [
    '*\n!**/*.rs\n!Cargo.toml\ntarget/*',
    ['a.rs', 'src/a.rs', 'Cargo.toml', 'src/x', 'target/a.rs'],
    ['src/x', 'target/a.rs'],
  ],
  ['a\n!a/b', ['a/b', 'a/c', 'a/b/d'], ['a/c']],
  ['a/**', ['a', 'a/b', 'a/b/c'], ['a/b', 'a/b/c']],
  ['**', ['a', 'a/b'], ['a', 'a/b']],
  ['**/a', ['a', 'b/a', 'ba', 'b/a/c'], ['a', 'b/a', 'b/a/c']],
  ['**a', ['a', 'ba', 'b/ca', 'ab'], ['a', 'ba', 'b/ca']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'ab'], ['a/b', 'a/x/b', 'a/x/y/b']],
  ['a**/b', ['ab', 'a/b', 'ac/b', 'b'], ['ab', 'a/b', 'ac/b']],
  ['[a-c]x', ['ax', 'cx', 'dx'], ['ax', 'cx']],
  ['[^a-c]x', ['ax', 'dx'], ['dx']],
  ['\\*', ['*', 'a'], ['*']],
  ['./a/../b', ['b', 'a'], ['b']],
  ['../a', ['a'], []],
  ['a+(b).c', ['a+(b).c', 'aab.c'], ['a+(b).c']],
  ['\ufeffa\r\n  b  \n! c', ['a', 'b', 'c'], ['a', 'b']],
])('%j leaves out what Docker does', (text, paths, expected) => {
  expect(leftOut(text, paths)).toEqual(expected);
});

test.each(['[', '[a', '[]', '[b-a]', 'a\\', '!', '!/'])('%j is refused with its line', (pattern) => {
  expect(() => dockerignore(`a\n${pattern}`)).toThrow(`.dockerignore line 2 is no pattern: ${JSON.stringify(pattern)}`);
});

test("a Dockerfile's own file wins over that of the context", () => {
  const files = sourceText({ '.dockerignore': 'a', 'docker/Gpu.dockerignore': 'b' });
  const paths = ['a', 'b'];
  expect(paths.filter(dockerignoreOf(files, 'docker/Gpu'))).toEqual(['b']);
  expect(paths.filter(dockerignoreOf(files, 'docker/Cpu'))).toEqual(['a']);
  expect(paths.filter(dockerignoreOf(files))).toEqual(['a']);
  expect(paths.filter(dockerignoreOf(sourceText({})))).toEqual([]);
});

test('hostile patterns take no more time than others', () => {
  const started = performance.now();
  const path = `${'a'.repeat(200)}/`.repeat(5);
  expect(dockerignore(`${'**a'.repeat(300)}b\n${'*a'.repeat(300)}b\n${'**/'.repeat(500)}b`)(`${path}c`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('what is below a directory that is left out is left out, unless a later rule says', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'ab');
  const path = fc.array(name, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(path, path, (above, inner) => {
      expect(dockerignore(above.join('/'))([...above, ...inner].join('/'))).toBe(true);
    }),
  );
});
