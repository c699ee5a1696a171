import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { patchedText } from '../../activities/sources/patched-text.ts';
import { mergeMaps, type JsonMap } from '../../contracts/merge-maps.ts';

const yaml = (text: string, patch: JsonMap) => patchedText(text, patch, 'yaml');

test('a file of YAML keeps its comments and what is not named, as it is written', () => {
  const text = `# what is trained
lr: 1.0e-7 # small
mode: 0o17
when: 2001-12-14
on: yes
optim: &optim
  name: 'adam'
  betas: [0.9, 0.999]
other:
  <<: *optim
  eps: 1e-8
`;
  expect(yaml(text, { lr: 1e-5, optim: { name: 'sgd', beta: null }, other: { eps: 1 }, on: 'yes' }))
    .toBe(`# what is trained
lr: 0.00001 # small
mode: 0o17
when: 2001-12-14
on: "yes"
optim: &optim
  name: "sgd"
  betas: [ 0.9, 0.999 ]
  "beta": null
other:
  <<: *optim
  eps: 1
`);
});

test('a file of JSON keeps the spelling of its numbers', () => {
  const text = '{\n\t"a": 1.0,\n\t"big": 12345678901234567890, "b": {"c": 1e400, "text": "\\u2028\\u0001"}}';
  const patched = patchedText(text, { b: { d: 1e-7 }, list: [{ x: [] }] }, 'json');
  expect(patched).toContain('"a": 1.0, "big": 12345678901234567890');
  expect(patched).toContain('"d": 1.0e-7');
  expect(JSON.parse(patched)).toEqual({ ...(JSON.parse(text) as object), b: { c: Infinity, text: '\u2028\u0001', d: 1e-7 }, list: [{ x: [] }] }); // prettier-ignore
});

test('an empty file of YAML is a map', () => {
  expect(parse(yaml('', { a: { b: 1 } }))).toEqual({ a: { b: 1 } });
  expect(parse(yaml('# nothing\n', { a: 1 }))).toEqual({ a: 1 });
});

test('a value takes the place of a map, and a map that of a value', () => {
  expect(parse(yaml('a: {b: 1}\nc: 1\n', { a: [1], c: { d: 1 } }))).toEqual({ a: [1], c: { d: 1 } });
});

describe('not patched is', () => {
  test.each([
    ['a list', '- 1\n', { a: 1 }, /holds no map/],
    ['two documents', 'a: 1\n---\na: 2\n', { a: 1 }, /multiple documents/i],
    ['what is no YAML', 'a: [1\n', { a: 1 }, /Flow sequence/],
    ['the same key twice', 'a: 1\na: 2\n', { a: 1 }, /unique/],
    ['a map by its alias', 'a: &a {b: 1}\nc: *a\n', { c: { b: 2 } }, /^c is another map of the file, by an alias/],
    ['a map that is merged in', 'a: &a {m: {b: 1}}\nc:\n  <<: *a\n', { c: { m: { b: 2 } } }, /^c\.m is another map/],
    ['what an alias still needs', 'a: &a 1\nb: *a\n', { a: 2 }, /Unresolved alias/],
  ])('%s', (_, text, patch, reason) => {
    expect(() => yaml(text, patch)).toThrow(reason);
  });

  test('JSON that is none', () => {
    expect(() => patchedText('a: 1\n', { a: 1 }, 'json')).toThrow(SyntaxError);
  });

  test('a file that is nested too deep', () => {
    expect(() => yaml(`a: ${'['.repeat(20_000)}`, { a: 1 })).toThrow(Error);
  });
});

const maps = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3, noUnicodeString: false }), { maxKeys: 5 });

test.each(['json', 'yaml'] as const)('any patch of any file of %s is what a merge of the two is', (format) => {
  fc.assert(
    fc.property(maps, maps, (file, patch) => {
      const patched = patchedText(JSON.stringify(file), patch as JsonMap, format);
      const read: unknown = format === 'json' ? JSON.parse(patched) : parse(patched);
      const merged = mergeMaps(file as JsonMap, patch as JsonMap);
      expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(merged)));
    }),
    { numRuns: 100 },
  );
});
