import type { Point, Value } from './parameter.ts';

/** Which points there are, each found by its number. Pure: the same question has the same answer, wherever it is asked. */
export interface Search {
  /** How many points there are; Infinity where they never end. */
  readonly size: number;
  at(index: number): Point;
  /** The number of the point that a configuration has; undefined where it has none, or points have no order of their own. */
  indexOf(config: Value): number | undefined;
}
