import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Grid } from '../../search/grid.ts';
import type { ParameterTree } from '../../search/parameter.ts';
import { Points } from '../../search/points.ts';
import { RandomSearch } from '../../search/random.ts';

const six: ParameterTree = {
  a: { distribution: 'int_uniform', min: 1, max: 2 },
  b: { distribution: 'int_uniform', min: 1, max: 3 },
};

function taken(points: Points, most = 100): number[] {
  const numbers: number[] = [];
  for (let next = points.next(0, 0); next !== undefined && numbers.length < most;) {
    numbers.push(next);
    next = points.next(next + 1, numbers.length);
  }
  return numbers;
}

test.each([
  ['all', {}, [0, 1, 2, 3, 4, 5]],
  ['as many as the cap', { cap: 4 }, [0, 1, 2, 3]],
  ['none more than there are', { cap: 9 }, [0, 1, 2, 3, 4, 5]],
  [
    'none that was run before',
    {
      before: [
        { a: 1, b: 1 },
        { a: 2, b: 3, seed: 1 },
      ],
    },
    [1, 2, 3, 4],
  ],
  ['those before do not count for the cap', { cap: 2, before: [{ a: 1, b: 1 }] }, [1, 2]],
  [
    'one that was run twice is left out once',
    {
      before: [
        { a: 1, b: 2 },
        { a: 1, b: 2 },
      ],
    },
    [0, 2, 3, 4, 5],
  ],
])('points that are run: %s', (_, options, numbers) => {
  const points = new Points(new Grid(six), options);
  expect(taken(points)).toEqual(numbers);
  expect(points.total).toBe(numbers.length);
});

test('a random search ends by its cap alone', () => {
  const search = new RandomSearch(six, 1);
  expect(new Points(search, {}).total).toBeUndefined();
  expect(new Points(search, { cap: 3, before: [{ a: 1, b: 1 }] }).total).toBe(3);
  expect(taken(new Points(search, { cap: 3 }))).toEqual([0, 1, 2]);
});

test('the same seed and number draw the same point, in whatever order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(10_000), (seed, index) => {
      const tree: ParameterTree = { lr: { distribution: 'uniform', min: 0, max: 1 }, ...six };
      const first = new RandomSearch(tree, seed);
      first.at(index + 1);
      expect(first.at(index)).toEqual(new RandomSearch(tree, seed).at(index));
      expect(first.at(index)).not.toEqual(first.at(index + 1));
      expect(first.at(index)).not.toEqual(new RandomSearch(tree, seed + 1).at(index));
    }),
  );
});

test('another parameter in the search does not change the draws of the others', () => {
  const lr = { distribution: 'uniform', min: 0, max: 1 } as const;
  expect(new RandomSearch({ lr, other: lr }, 5).at(3)).toMatchObject(new RandomSearch({ lr }, 5).at(3));
});

test('draws are spread evenly, and parameters do not follow each other', () => {
  const lr = { distribution: 'uniform', min: 0, max: 1 } as const;
  const search = new RandomSearch({ x: lr, y: lr }, 11);
  const draws = Array.from({ length: 4_000 }, (_, i) => search.at(i) as { x: number; y: number });
  const mean = (of: (draw: { x: number; y: number }) => number): number =>
    draws.reduce((sum, draw) => sum + of(draw), 0) / draws.length;
  // Five deviations of a mean of 4,000.
  expect(Math.abs(mean(({ x }) => x) - 0.5)).toBeLessThan(0.023);
  expect(Math.abs(mean(({ x, y }) => (x - 0.5) * (y - 0.5)))).toBeLessThan(0.0066);
  const tenths = Array.from({ length: 10 }, (_, i) => draws.filter(({ x }) => Math.floor(x * 10) === i).length);
  for (const count of tenths) expect(Math.abs(count - 400)).toBeLessThan(95);
});
