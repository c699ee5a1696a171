import { describe, expect, test } from 'vitest';
import { goOn, rerunFailed, sweepTally, type SweepTally } from '../../contracts/sweep-tally.ts';
import { Grid } from '../../search/grid.ts';
import { Points } from '../../search/points.ts';
import { countEnd, failuresOf, isExhausted, takeTrial, type TrialEnd } from '../../workflows/tally.ts';

const grid = new Grid({ a: { distribution: 'int_uniform', min: 0, max: 4 } });
const points = new Points(grid, {});
const fresh = (): SweepTally => sweepTally.parse({});
const failed: TrialEnd = { kind: 'failed', message: 'exit code 1' };
const succeeded = (value?: number): TrialEnd => ({ kind: 'succeeded', value });

/** Takes a trial and lets it end, for each of the ends. */
function play(tally: SweepTally, ends: readonly TrialEnd[], spec: Parameters<typeof countEnd>[1] = policy): number[] {
  return ends.flatMap((end) => {
    const trial = takeTrial(tally, points);
    if (trial === undefined) return [];
    countEnd(tally, spec, { index: trial.index, run: `s-${String(trial.index)}` }, end);
    return [trial.index];
  });
}

const policy = { metric: undefined, maxFailures: undefined, maxConsecutiveFailures: undefined };

test('each point is taken once, then none is left', () => {
  const tally = fresh();
  expect(play(tally, Array(9).fill(succeeded()) as TrialEnd[])).toEqual([0, 1, 2, 3, 4]);
  expect(isExhausted(tally, points)).toBe(true);
  expect(tally).toMatchObject({ drawn: 5, succeeded: 5, failed: 0 });
});

describe('failures', () => {
  test.each([
    ['any number is borne without a policy', {}, [failed, failed, failed, failed, failed], 5, undefined],
    ['one more than maxFailures', { maxFailures: 2 }, [failed, succeeded(), failed, failed, failed], 4, 'max-failures'],
    ['maxFailures 0: the first', { maxFailures: 0 }, [failed, failed], 1, 'max-failures'],
    [
      'so many in a row',
      { maxConsecutiveFailures: 2 },
      [failed, succeeded(), failed, failed, failed],
      4,
      'consecutive-failures',
    ],
    [
      'never so many in a row',
      { maxConsecutiveFailures: 2 },
      [failed, succeeded(), failed, succeeded(), failed],
      5,
      undefined,
    ],
  ] as const)('%s', (_, limits, ends, started, stopped) => {
    const tally = fresh();
    expect(play(tally, ends, { ...policy, ...limits })).toHaveLength(started);
    expect(tally.stopped).toBe(stopped);
  });

  test.each([
    ['some failed', [failed, succeeded()], undefined],
    ['all failed', [failed, failed], 'all of 2 trials failed; the last was s-1: exit code 1'],
    ['none was run', [], undefined],
  ] as const)('a sweep of which %s has failed: %s', (_, ends, sentence) => {
    const tally = fresh();
    play(tally, ends);
    expect(failuresOf(tally)).toBe(sentence);
  });

  test('the last ten are kept in words, cut', () => {
    const tally = fresh();
    for (let index = 0; index < 12; index++)
      countEnd(tally, policy, { index, run: `s-${String(index)}` }, { kind: 'failed', message: 'x'.repeat(5_000) });
    expect(tally.failures.map(({ index }) => index)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(tally.failures[0]?.message).toHaveLength(1_000);
    expect(tally.failedTrials).toHaveLength(12);
  });

  test('trials that failed are run again once, under another id', () => {
    const tally = fresh();
    play(tally, [failed, succeeded(), failed], { ...policy, maxFailures: 1 });
    expect(rerunFailed(tally)).toBe(2);
    expect(tally).toMatchObject({ failed: 0, succeeded: 1, failedTrials: [], failures: [] });
    expect(takeTrial(tally, points)).toEqual({ index: 0, config: { a: 0 }, rerun: 1 });
    expect(takeTrial(tally, points)).toEqual({ index: 2, config: { a: 2 }, rerun: 1 });
    expect(takeTrial(tally, points)).toEqual({ index: 3, config: { a: 3 }, rerun: 0 });
    expect(tally.drawn).toBe(4);
    expect(rerunFailed(tally)).toBe(0);
  });
});

describe('metrics', () => {
  const minimize = { ...policy, metric: { name: 'loss', goal: 'minimize' } as const };

  test.each([
    ['minimize', 1],
    ['maximize', 2],
  ] as const)('the best by %s', (goal, index) => {
    const tally = fresh();
    play(tally, [succeeded(3), succeeded(1), succeeded(4), succeeded(1)], {
      ...policy,
      metric: { name: 'loss', goal },
    });
    expect(tally.best?.index).toBe(index);
  });

  test.each([
    ['minimize', 1, [3, 1, 0.5], 2],
    ['maximize', 3, [2.9, 3.1, 9], 2],
    ['minimize', 0, [3, 1, 0.5], 3],
  ] as const)('a target to %s ends the search when it is reached', (goal, target, values, started) => {
    const tally = fresh();
    const ends = values.map((value) => succeeded(value));
    expect(play(tally, ends, { ...policy, metric: { name: 'loss', goal, target } })).toHaveLength(started);
    expect(failuresOf(tally)).toBeUndefined();
  });

  test('without a metric nothing is best', () => {
    const tally = fresh();
    play(tally, [succeeded(1)]);
    play(tally, [succeeded(undefined)], minimize);
    expect(tally.best).toBeUndefined();
  });
});

test('a sweep that goes on runs again what its cancel interrupted', () => {
  const tally = fresh();
  play(tally, [succeeded(), { kind: 'cancelled' }]);
  tally.interrupted.push(1);
  tally.stopped = 'max-failures';
  goOn(tally);
  expect(tally).toMatchObject({ cancelled: 0, interrupted: [] });
  expect(tally.stopped).toBeUndefined();
  expect(takeTrial(tally, points)).toEqual({ index: 1, config: { a: 1 }, rerun: 1 });
  expect(takeTrial(tally, points)).toMatchObject({ index: 2, rerun: 0 });
});
