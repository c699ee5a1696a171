import { Grid } from './grid.ts';
import type { ParameterTree, Value } from './parameter.ts';
import { Points } from './points.ts';
import { RandomSearch } from './random.ts';

/** What of a sweep decides its points. */
export interface SearchDefinition {
  method: 'grid' | 'random';
  parameters: ParameterTree;
  seed: number;
  runCap?: number | undefined;
  /** Runs from elsewhere whose points are left out. */
  prior: readonly { config: Value }[];
}

/** @throws RangeError where a grid is to be made of what has no list of values */
export function pointsOf({ method, parameters, seed, runCap, prior }: SearchDefinition): Points {
  const search = method === 'grid' ? new Grid(parameters) : new RandomSearch(parameters, seed);
  return new Points(search, { cap: runCap, before: prior.map(({ config }) => config) });
}
