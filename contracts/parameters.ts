import { isJsonMap } from './merge-maps.ts';
import { z } from 'zod';

const bounds = { min: z.number(), max: z.number() };
const positive = z.number().positive('above 0');
const quantized = { q: positive.default(1) };
const gaussian = { mu: z.number().default(0), sigma: z.number().nonnegative('0 or more').default(1) };
const shape = { a: positive.default(1), b: positive.default(1) };
/** Logarithms are taken of both. */
const positiveBounds = { min: positive, max: positive };
const values = z.array(z.json()).min(1, 'at least one value');

const kind = <K extends string, S extends z.core.$ZodShape>(name: K, fields: S) =>
  z.strictObject({ distribution: z.literal(name), ...fields });

/** Names and fields are W&B's: https://docs.wandb.ai/guides/sweeps/sweep-config-keys#distribution-options-for-random-and-bayesian-search */
const distribution = z.discriminatedUnion('distribution', [
  kind('constant', { value: z.json() }),
  kind('categorical', { values }),
  kind('categorical_w_probabilities', { values, probabilities: z.array(z.number().nonnegative('0 or more')) }),
  kind('int_uniform', { min: z.int(), max: z.int() }),
  kind('uniform', bounds),
  kind('q_uniform', { ...bounds, ...quantized }),
  kind('log_uniform', bounds),
  kind('log_uniform_values', positiveBounds),
  kind('inv_log_uniform', bounds),
  kind('inv_log_uniform_values', positiveBounds),
  kind('q_log_uniform', { ...bounds, ...quantized }),
  kind('q_log_uniform_values', { ...positiveBounds, ...quantized }),
  kind('normal', gaussian),
  kind('q_normal', { ...gaussian, ...quantized }),
  kind('log_normal', gaussian),
  kind('q_log_normal', { ...gaussian, ...quantized }),
  kind('beta', shape),
  kind('q_beta', { ...shape, ...quantized }),
]);

/** How the values of a parameter are spread. */
export type Distribution = z.output<typeof distribution>;

const distributions = distribution.options.map((option) => option.shape.distribution.value);

/** The distributions that have a list of values, to be taken one by one. */
const listed: readonly string[] = [
  'constant',
  'categorical',
  'int_uniform',
  'q_uniform',
] satisfies Distribution['distribution'][];
export const isListed = (given: Distribution): boolean => listed.includes(given.distribution);

/** As in W&B's files: where no distribution is named, the fields tell. Bounds that are both whole numbers mean whole numbers. */
function impliedBy(fields: Record<string, unknown>): Distribution['distribution'] | undefined {
  if ('values' in fields) return 'probabilities' in fields ? 'categorical_w_probabilities' : 'categorical';
  if ('value' in fields) return 'constant';
  if (!('min' in fields && 'max' in fields)) return undefined;
  return Number.isInteger(fields['min']) && Number.isInteger(fields['max']) ? 'int_uniform' : 'uniform';
}

const parameterRule =
  'a map with value; values; min and max; or distribution, one of ' +
  `${distributions.join(', ')}; or parameters: a group`;

const parameter = z
  .preprocess((fields, context) => {
    if (!isJsonMap(fields)) return fields;
    const named = fields['distribution'] ?? impliedBy(fields);
    if (named === undefined || !distributions.includes(named as Distribution['distribution'])) {
      context.issues.push({ code: 'custom', input: fields, message: parameterRule });
      return z.NEVER;
    }
    return { ...fields, distribution: named };
  }, distribution)
  .check((context) => {
    for (const message of contradictions(context.value)) {
      context.issues.push({ code: 'custom', input: context.value, message });
    }
  });

function contradictions(given: Distribution): string[] {
  if ('min' in given && given.min >= given.max) return ['min has to be below max'];
  if ('min' in given && 'q' in given && given.min + given.q === given.min) return ['q is nothing beside min'];
  if (!('probabilities' in given)) return [];
  if (given.probabilities.length !== given.values.length) return ['as many probabilities as values'];
  const sum = given.probabilities.reduce((total, each) => total + each, 0);
  return Math.abs(sum - 1) <= 1e-5 ? [] : [`the probabilities have to add up to 1, and are ${String(sum)} together`];
}

const parameterName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'a name of letters, digits, "_", "-" and ".", beginning with a letter or "_"');

export interface ParameterGroup {
  parameters: ParameterTree;
}
export type ParameterTree = Record<string, Distribution | ParameterGroup>;

const isGroup = (fields: unknown): boolean => isJsonMap(fields) && 'parameters' in fields;

const group: z.ZodType<{ parameters: ParameterTree }> = z.strictObject({
  parameters: z.lazy(() => parameterTree),
});

/** Parameters by name, in groups or not. */
export const parameterTree: z.ZodType<ParameterTree> = z
  .custom<object>((tree) => isJsonMap(tree) && !Object.hasOwn(tree, '__proto__'), 'a map of parameters')
  .pipe(
    z
      .record(
        parameterName,
        z.unknown().transform((fields, context): Distribution | { parameters: ParameterTree } => {
          const read = (isGroup(fields) ? group : parameter).safeParse(fields);
          if (read.success) return read.data;
          context.issues.push(
            ...read.error.issues.map((issue) => ({ ...issue, input: fields }) as z.core.$ZodRawIssue),
          );
          return z.NEVER;
        }),
      )
      .refine((tree) => Object.keys(tree).length > 0, 'at least one parameter'),
  );

/** Every parameter of a tree with the keys to it. */
export function leavesOf(tree: ParameterTree, above: readonly string[] = []): [path: string[], Distribution][] {
  return Object.entries(tree).flatMap(([name, inner]): [string[], Distribution][] =>
    'parameters' in inner ? leavesOf(inner.parameters, [...above, name]) : [[[...above, name], inner]],
  );
}
