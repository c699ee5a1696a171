import { parametersOf, pointOf, type Distribution, type ParameterTree, type Point, type Value } from './parameter.ts';
import type { Search } from './search.ts';

/** The values of one parameter on a grid: each once, found by number and by value. */
interface Axis {
  path: readonly string[];
  size: number;
  at(index: number): Value;
  /** Undefined: no value of the axis. */
  indexOf(value: Value | undefined): number | undefined;
}

/**
 * All combinations of the values of parameters, each once, in W&B's order: parameters by name, the last varies fastest. Nothing of it is
 * kept but the axes, so that a grid may have more points than fit into memory.
 */
export class Grid implements Search {
  readonly #tree: ParameterTree;
  readonly #axes: readonly Axis[];
  /** How many points there are; Infinity where they cannot be counted exactly. */
  readonly size: number;

  /** @throws RangeError naming a parameter that has no list of values */
  constructor(tree: ParameterTree) {
    this.#tree = tree;
    this.#axes = parametersOf(tree).map(({ path, distribution }) => {
      const axis = axisOf(distribution);
      if (axis !== undefined) return { path, ...axis };
      throw new RangeError(`parameter ${path.join('.')} is ${distribution.distribution}, which has no list of values`);
    });
    const size = this.#axes.reduce((product, axis) => product * axis.size, 1);
    this.size = Number.isSafeInteger(size) ? size : Infinity;
  }

  /** @throws RangeError where there is no such point */
  at(index: number): Point {
    if (!(index >= 0 && index < this.size))
      throw new RangeError(`a grid of ${String(this.size)} has no point ${String(index)}`);
    let rest = index;
    const values: Value[] = [];
    for (const axis of this.#axes.toReversed()) {
      values.unshift(axis.at(rest % axis.size));
      rest = Math.floor(rest / axis.size);
    }
    return pointOf(this.#tree, values);
  }

  /** The number of the point that a configuration has, whatever else is in it; undefined where it has none. */
  indexOf(config: Value): number | undefined {
    let index = 0;
    for (const axis of this.#axes) {
      const digit = axis.indexOf(valueAt(config, axis.path));
      if (digit === undefined) return undefined;
      index = index * axis.size + digit;
    }
    return index;
  }
}

function axisOf(given: Distribution): Omit<Axis, 'path'> | undefined {
  switch (given.distribution) {
    case 'constant':
      // Not part of what is searched: a run that has another value has no other point.
      return { size: 1, at: () => given.value, indexOf: () => 0 };
    case 'categorical':
      return listed(given.values);
    case 'int_uniform':
      return stepped(given.min, 1, given.max - given.min + 1);
    case 'q_uniform':
      // Without `max` itself, and with the rounding of numpy's arange, as the original has it.
      return stepped(given.min, given.min + given.q - given.min, Math.ceil((given.max - given.min) / given.q));
    default:
      return undefined;
  }
}

function stepped(min: number, step: number, size: number): Omit<Axis, 'path'> {
  return {
    size,
    at: (index) => min + index * step,
    indexOf: (value) => {
      if (typeof value !== 'number') return undefined;
      const index = Math.round((value - min) / step);
      return index >= 0 && index < size && min + index * step === value ? index : undefined;
    },
  };
}

function listed(values: readonly Value[]): Omit<Axis, 'path'> {
  const indexes = new Map<string, number>();
  const distinct: Value[] = [];
  for (const value of values) {
    const key = identity(value);
    if (indexes.has(key)) continue;
    indexes.set(key, distinct.length);
    distinct.push(value);
  }
  // A job may add to a map that it was given.
  const known = new Set(values.flatMap((value) => (isMap(value) ? Object.keys(value) : [])));
  return {
    size: distinct.length,
    at: (index) => distinct[index] ?? null,
    indexOf: (value) => {
      if (value === undefined) return undefined;
      const kept = isMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => known.has(key))) : value;
      return indexes.get(identity(kept));
    },
  };
}

/** Equal for equal values: 1 and 1.0, maps whatever the order of their keys; not for 1 and "1". */
function identity(value: Value): string {
  return JSON.stringify(value, (_key, inner: Value) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

const isMap = (value: Value | undefined): value is Readonly<Record<string, Value>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueAt(config: Value, path: readonly string[]): Value | undefined {
  return path.reduce<Value | undefined>(
    (inner, name) => (isMap(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    config,
  );
}
