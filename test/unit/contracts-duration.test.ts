import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationMs, formatDuration } from '../../contracts/duration.ts';

test.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['0s', 0],
  [60, 60_000],
  [0.5, 500],
  [0, 0],
  ['3650d', 315_360_000_000],
])('%j is %d ms', (written, ms) => {
  expect(durationMs.parse(written)).toBe(ms);
});

test.each([
  '90',
  '',
  ' 90s',
  '90 s',
  '-1s',
  '1w',
  '1h30m',
  '1e3s',
  '.5s',
  '5.s',
  's',
  'Infinitys',
  -1,
  NaN,
  Infinity,
  null,
  {},
])('%s is no length of time, and the answer says how to write one', (written) => {
  expect(durationMs.safeParse(written).error?.issues).toEqual([
    expect.objectContaining({ message: expect.stringContaining('such as 90s or 7d') as string }),
  ]);
});

test.each(['3651d', '1000000000000000000000d', 1e300])('%s is longer than a workflow is asked to wait', (written) => {
  expect(durationMs.safeParse(written).error?.issues[0]?.message).toBe('at most ten years');
});

test.each([
  [90_000, '90s'],
  [7_200_000, '2h'],
  [604_800_000, '7d'],
  [1_500, '1500ms'],
  [0, '0ms'],
])('%d ms is written %s', (ms, written) => {
  expect(formatDuration(ms)).toBe(written);
});

test('what is written can be read again', () => {
  fc.assert(
    fc.property(fc.nat(315_360_000_000), (ms) => {
      expect(durationMs.parse(formatDuration(ms))).toBe(ms);
    }),
  );
});
