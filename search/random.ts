import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { parametersOf, pointOf, type Parameter, type ParameterTree, type Point } from './parameter.ts';
import { quantile } from './quantile.ts';
import type { Search } from './search.ts';

/** Points drawn at random, each by its number alone: the same seed and number give the same point, whoever asks and in whatever order. */
export class RandomSearch implements Search {
  readonly #tree: ParameterTree;
  readonly #parameters: readonly Parameter[];
  readonly #seed: number;
  readonly size = Infinity;

  constructor(tree: ParameterTree, seed: number) {
    this.#tree = tree;
    this.#parameters = parametersOf(tree);
    this.#seed = seed;
  }

  at(index: number): Point {
    const values = this.#parameters.map(({ path, distribution }) =>
      quantile(distribution, uniform(JSON.stringify([this.#seed, index, path]))),
    );
    return pointOf(this.#tree, values);
  }

  indexOf(): undefined {
    return undefined;
  }
}

/** Between 0 and 1, both excluded: 52 bits of a hash, and a half. */
function uniform(text: string): number {
  const view = new DataView(sha256(utf8ToBytes(text)).buffer);
  return (Number(view.getBigUint64(0) >> 12n) + 0.5) / 2 ** 52;
}
