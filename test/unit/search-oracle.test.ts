import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parameterTree } from '../../contracts/parameters.ts';
import { sweepOfFile } from '../../contracts/wandb-sweep.ts';
import { sweepSpec } from '../../contracts/sweep-spec.ts';
import { Grid } from '../../search/grid.ts';
import type { Distribution, Value } from '../../search/parameter.ts';
import { Points } from '../../search/points.ts';
import { quantile } from '../../search/quantile.ts';

/** Requests to W&B's own engine, and its answers: the package `sweeps` 0.3.0. */
interface Case {
  id: string;
  kind: 'grid' | 'ppf' | 'validate';
  request: {
    config: { parameters: unknown };
    runs: { config: Record<string, { value: Value }> }[];
    param: unknown;
    u: number[];
  };
  expect: {
    ok: boolean;
    next: ({ config: Record<string, { value: Value }> } | null)[];
    values: Value[];
    config: Distribution;
    violations: string[];
  };
}

const { cases } = JSON.parse(readFileSync(new URL('sweeps-cases.json', import.meta.url), 'utf8')) as { cases: Case[] };
const of = (kind: Case['kind']): [string, Case][] =>
  cases.filter((each) => each.kind === kind).map((each) => [each.id, each]);

const plainConfig = (config: Record<string, { value: Value }>): Record<string, Value> =>
  Object.fromEntries(Object.entries(config).map(([name, { value }]) => [name, value]));

describe('a grid has the points of the original, in its order', () => {
  /** A fault of the original: with validation it forgets nested parameters. */
  const faults = ['grid/nested-validate-true-DROPS-PARAMS'];

  test.each(of('grid').filter(([id]) => !faults.includes(id)))('%s', (_, { request, expect: answer }) => {
    const file = sweepOfFile({ ...request.config, program: 'x.py', launch: { queue: 'q' } }, {});
    if (!('sweep' in file)) throw new Error(JSON.stringify(file.issues));
    const source = { code: { dir: '.' } };
    const spec = sweepSpec.safeParse({ ...file.sweep, launch: { ...file.sweep.launch, source } });
    expect(spec.success).toBe(answer.ok);
    if (!spec.success) return;
    const grid = new Grid(spec.data.parameters);
    const points = new Points(grid, { before: request.runs.map(({ config }) => plainConfig(config)) });
    const found: Record<string, Value>[] = [];
    for (let next = points.next(0, 0); next !== undefined; next = points.next(next + 1, found.length))
      found.push(points.at(next));
    expect(found).toEqual(answer.next.filter((each) => each !== null).map(({ config }) => plainConfig(config)));
    expect(points.total).toBe(found.length);
  });
});

describe('a distribution has the values of the original', () => {
  /** Probabilities that do not add up: the original draws from them, and refuses them in a file. */
  const unchecked = ['ppf/26-values-probabilities'];

  test.each(of('ppf'))('%s', (id, { request, expect: answer }) => {
    // JSON has lost that these bounds were written as fractions.
    const param = id === 'ppf/00-min-max' ? answer.config : request.param;
    const parsed = parameterTree.safeParse({ p: param });
    expect(parsed.success || unchecked.includes(id)).toBe(answer.ok);
    if (!answer.ok) return;
    const distribution = (parsed.data?.['p'] ?? answer.config) as Distribution;
    expect(distribution).toEqual(answer.config);
    request.u.forEach((u, i) => {
      const value = quantile(distribution, u);
      const expected = answer.values[i];
      if (typeof expected === 'number' && typeof value === 'number')
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(expected)));
      else expect(value).toEqual(expected);
    });
  });
});

interface Quantiles {
  config: Distribution;
  u: number[];
  values: Value[];
}

test('every distribution with many shapes has the values of the original', () => {
  const file = readFileSync(new URL('sweeps-quantiles.json', import.meta.url), 'utf8');
  for (const { config, u, values } of (JSON.parse(file) as { cases: Quantiles[] }).cases) {
    expect(parameterTree.parse({ p: config })).toEqual({ p: config });
    expect(u.map((share) => quantile(config, share))).toEqual(values.map(nearly));
  }
});

const nearly = (value: Value): unknown =>
  typeof value === 'number' && !Number.isInteger(value)
    ? expect.closeTo(value, 12 - Math.ceil(Math.log10(Math.abs(value))))
    : value === 0
      ? 0
      : value;

describe('a file is refused where the original finds fault with it', () => {
  /** What comes later is refused, though it is right. */
  const later = ['validate/02'];

  test.each(of('validate'))('%s', (id, { request, expect: answer }) => {
    const file = sweepOfFile({ ...request.config, program: 'x.py', launch: { queue: 'q' } }, {});
    const source = { code: { dir: '.' } };
    const right =
      'sweep' in file && sweepSpec.safeParse({ ...file.sweep, launch: { ...file.sweep.launch, source } }).success;
    expect(right).toBe(answer.violations.length === 0 && !later.includes(id));
  });
});
