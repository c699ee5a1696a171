import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Grid } from '../../search/grid.ts';
import type { ParameterTree } from '../../search/parameter.ts';

const all = (grid: Grid): unknown[] => Array.from({ length: grid.size }, (_, i) => grid.at(i));

const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('1', 'a', true, null)), {
  minLength: 1,
  maxLength: 4,
});
const trees = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), values, { minKeys: 1 })
  .map((lists): ParameterTree =>
    Object.fromEntries(
      Object.entries(lists).map(([name, list]) => [name, { distribution: 'categorical', values: list }]),
    ),
  );

test('every point is there once, and is found again by its values', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const grid = new Grid(tree);
      const points = all(grid).map((point) => JSON.stringify(point));
      expect(new Set(points).size).toBe(grid.size);
      expect(points.map((point) => grid.indexOf(JSON.parse(point) as never))).toEqual(points.map((_, i) => i));
    }),
  );
});

test('ten million points cost nothing until they are asked for', () => {
  const grid = new Grid({
    a: { distribution: 'int_uniform', min: 1, max: 1_000 },
    b: { distribution: 'int_uniform', min: 1, max: 10_000 },
  });
  expect(grid.size).toBe(10_000_000);
  expect(grid.at(9_999_999)).toEqual({ a: 1_000, b: 10_000 });
  expect(grid.indexOf({ a: 1_000, b: 10_000 })).toBe(9_999_999);
});

test('more points than can be counted exactly are infinitely many', () => {
  const million = { distribution: 'int_uniform', min: 1, max: 1_000_000 } as const;
  expect(new Grid({ a: million, b: million, c: million }).size).toBe(Infinity);
});

test('steps of q end before the upper bound', () => {
  const grid = new Grid({ a: { distribution: 'q_uniform', min: 0, max: 1, q: 0.25 } });
  expect(all(grid)).toEqual([{ a: 0 }, { a: 0.25 }, { a: 0.5 }, { a: 0.75 }]);
});

test.each([
  ['another value', { a: 3, b: 'x' }, undefined],
  ['a text that looks like a number', { a: '1', b: 'x' }, undefined],
  ['a number between two', { a: 1.5, b: 'x' }, undefined],
  ['a missing value', { b: 'x' }, undefined],
  ['no values at all', 7, undefined],
  ['other values beside it', { a: 2, b: 'x', seed: 9 }, 1],
  ['another constant, which is not searched', { a: 2, b: 'y' }, 1],
])('a configuration with %s', (_, config, index) => {
  const grid = new Grid({
    a: { distribution: 'int_uniform', min: 1, max: 2 },
    b: { distribution: 'constant', value: 'x' },
  });
  expect(grid.indexOf(config)).toBe(index);
});

test('a map that the job added to is still the same value', () => {
  const grid = new Grid({ a: { distribution: 'categorical', values: [{ k: 1, l: 2 }, { k: 2 }] } });
  expect(grid.indexOf({ a: { l: 2, k: 1, added: true } })).toBe(0);
  expect(grid.indexOf({ a: { k: 2, added: true } })).toBe(1);
});

test('there is no point outside', () => {
  const grid = new Grid({ a: { distribution: 'constant', value: 1 } });
  expect(() => grid.at(1)).toThrow('a grid of 1 has no point 1');
  expect(() => grid.at(-1)).toThrow(RangeError);
});

test('what has no list of values is refused by name', () => {
  const tree: ParameterTree = { m: { parameters: { lr: { distribution: 'uniform', min: 0, max: 1 } } } };
  expect(() => new Grid(tree)).toThrow('parameter m.lr is uniform, which has no list of values');
});
