import type { Point, Value } from './parameter.ts';
import type { Search } from './search.ts';

/** The points of a search that are to be run: those that were not run before, within a cap. */
export class Points {
  readonly #search: Search;
  readonly #cap: number;
  readonly #before: ReadonlySet<number>;
  /** How many there are; undefined where they never end. */
  readonly total: number | undefined;

  /** `before`: configurations of runs from elsewhere; a point that one of them has is left out. */
  constructor(
    search: Search,
    { cap = Infinity, before = [] }: { cap?: number | undefined; before?: readonly Value[] },
  ) {
    this.#search = search;
    this.#cap = cap;
    this.#before = new Set(before.flatMap((config) => search.indexOf(config) ?? []));
    const total = Math.min(search.size - this.#before.size, cap);
    this.total = Number.isFinite(total) ? total : undefined;
  }

  /** The number of the first point from `from` on; undefined where none is left. `drawn`: how many were taken. */
  next(from: number, drawn: number): number | undefined {
    if (drawn >= this.#cap) return undefined;
    let index = from;
    while (this.#before.has(index)) index++;
    return index < this.#search.size ? index : undefined;
  }

  at(index: number): Point {
    return this.#search.at(index);
  }

  /** The first ones, at most `count`. */
  first(count: number): { index: number; config: Point }[] {
    const first = [];
    for (let from = 0; first.length < count;) {
      const index = this.next(from, first.length);
      if (index === undefined) break;
      first.push({ index, config: this.at(index) });
      from = index + 1;
    }
    return first;
  }
}
