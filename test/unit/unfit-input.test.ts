import { expect, test } from 'vitest';
import { unfitness } from '../../contracts/unfit-input.ts';

const levels = (count: number): unknown => JSON.parse('['.repeat(count) + ']'.repeat(count));

test.each([
  ['as deep as allowed', levels(100), undefined],
  ['one level deeper', levels(101), 'the input is nested more than 100 levels deep'],
  ['deeper than any stack', levels(200_000), 'the input is nested more than 100 levels deep'],
  ['as many values as allowed', Array(20_000).fill(1), undefined],
  ['one more', Array(20_001).fill(1), 'the input has more than 20000 values'],
  ['a long text', 'x'.repeat(499_998), undefined],
  ['a longer one', 'x'.repeat(499_999), expect.stringContaining('more than 500000 characters')],
  ['a long name', { ['x'.repeat(500_001)]: 1 }, expect.stringContaining('more than 500000 characters')],
  ['bytes', new Uint8Array(3), 'the input is binary: it has to be one JSON object'],
  ['half a character', { a: ['\ud83d'] }, expect.stringContaining('half of a surrogate pair')],
  ['half a character in a name', { '\udc00': 1 }, expect.stringContaining('half of a surrogate pair')],
  ['whole characters', { '😀': '😀' }, undefined],
  ['nothing', undefined, undefined],
])('%s', (_, input, expected) => {
  expect(unfitness(input)).toEqual(expected);
});
