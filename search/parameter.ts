/** What a parameter may be: a value of JSON. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

interface Bounds {
  min: number;
  max: number;
}
/** `q`: results are whole multiples of it. */
interface Quantized {
  q: number;
}
interface Gaussian {
  mu: number;
  sigma: number;
}
interface BetaShape {
  a: number;
  b: number;
}

/**
 * How the values of a parameter are spread: W&B's names and meanings. `log_uniform` and its kin take exponents of e as bounds, those
 * with `_values` take the bounds themselves.
 * @see https://docs.wandb.ai/guides/sweeps/sweep-config-keys#distribution-options-for-random-and-bayesian-search
 */
export type Distribution =
  | { distribution: 'constant'; value: Value }
  | { distribution: 'categorical'; values: readonly Value[] }
  | { distribution: 'categorical_w_probabilities'; values: readonly Value[]; probabilities: readonly number[] }
  | ({ distribution: 'int_uniform' } & Bounds)
  | ({ distribution: 'uniform' } & Bounds)
  | ({ distribution: 'q_uniform' } & Bounds & Quantized)
  | ({ distribution: 'log_uniform' | 'log_uniform_values' } & Bounds)
  | ({ distribution: 'inv_log_uniform' | 'inv_log_uniform_values' } & Bounds)
  | ({ distribution: 'q_log_uniform' | 'q_log_uniform_values' } & Bounds & Quantized)
  | ({ distribution: 'normal' | 'log_normal' } & Gaussian)
  | ({ distribution: 'q_normal' | 'q_log_normal' } & Gaussian & Quantized)
  | ({ distribution: 'beta' } & BetaShape)
  | ({ distribution: 'q_beta' } & BetaShape & Quantized);

/** A parameter, or a group of them that reaches the job as one map. */
export type ParameterTree = Readonly<Record<string, Distribution | { parameters: ParameterTree }>>;

/** One set of values: what the job gets as its configuration. */
export type Point = Record<string, Value>;

/** A parameter of a search, with the keys under which a point has it. */
export interface Parameter {
  path: readonly string[];
  distribution: Distribution;
}

const namesOf = (tree: ParameterTree): string[] => Object.keys(tree).sort((a, b) => (a < b ? -1 : 1));

/** All parameters of a tree, by name in each group. */
export function parametersOf(tree: ParameterTree, above: readonly string[] = []): Parameter[] {
  return namesOf(tree).flatMap((name) => {
    const path = [...above, name];
    const inner = tree[name];
    if (inner === undefined) return [];
    return 'parameters' in inner ? parametersOf(inner.parameters, path) : [{ path, distribution: inner }];
  });
}

/** The point whose parameters have these values, in the order of {@link parametersOf}. */
export function pointOf(tree: ParameterTree, values: readonly Value[]): Point {
  let next = 0;
  const fill = (group: ParameterTree): Point =>
    Object.fromEntries(
      namesOf(group).map((name) => {
        const inner = group[name];
        return [name, inner !== undefined && 'parameters' in inner ? fill(inner.parameters) : (values[next++] ?? null)];
      }),
    );
  return fill(tree);
}
