import { expect, test } from 'vitest';
import { percentile, spreadOf } from '../bench/statistics.ts';

test.each([
  ['the middle of an odd number', [3, 1, 2], 50, 2],
  ['the lower middle of an even number', [4, 1, 3, 2], 50, 2],
  ['by value, not by text', [100, 9, 20], 50, 20],
  ['the 19th of twenty', Array.from({ length: 20 }, (_, i) => 20 - i), 95, 19],
  ['the largest of a few', [5, 7, 6], 95, 7],
  ['of one value, itself', [7], 5, 7],
])('a percentile is %s', (_, values, percent, expected) => {
  expect(percentile(values, percent)).toBe(expected);
});

test('a percentile of nothing is an error, not a figure', () => {
  expect(() => percentile([], 50)).toThrow(RangeError);
});

test('a spread names the smallest and largest value', () => {
  expect(spreadOf([2, 9, 4])).toEqual({ samples: 3, p50: 4, p95: 9, least: 2, most: 9 });
});
