import { z } from 'zod';
import { canonicalJson } from './hash.ts';
import { fieldIssue, type FieldIssue } from './issues.ts';

/** What a value of a job's configuration may be: W&B's part of JSON Schema. Titles, labels and formats are for people. */
export interface InputSchema {
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array' | undefined;
  title?: string | undefined;
  description?: string | undefined;
  label?: string | undefined;
  placeholder?: string | undefined;
  format?: string | undefined;
  /** It has to be there, unlike in JSON Schema, where the object lists its own. */
  required?: boolean | undefined;
  enum?: (string | number | boolean)[] | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  exclusiveMinimum?: number | undefined;
  exclusiveMaximum?: number | undefined;
  /** Of an object. What is not named here may be there too. */
  properties?: Record<string, InputSchema> | undefined;
  /** Of an array: some of a list. */
  items?: { type: 'string' | 'integer' | 'number'; enum: (string | number)[] } | undefined;
  uniqueItems?: boolean | undefined;
  minItems?: number | undefined;
  maxItems?: number | undefined;
  /** All of them hold, besides what stands here. */
  allOf?: InputSchema[] | undefined;
}

const types = ['string', 'integer', 'number', 'boolean', 'object', 'array'] as const;
const text = z.string('a text').optional();
const number = z.number('a number').optional();
const count = z.int('a whole number').min(0, '0 or more').optional();
const choices = <T extends z.ZodType>(of: T) => z.array(of, 'a list').min(1, 'at least one value');

const node: z.ZodType<InputSchema> = z.lazy(() =>
  z
    .strictObject(
      {
        type: z.enum(types, `one of ${types.join(', ')}`).optional(),
        ...{ title: text, description: text, label: text, placeholder: text, format: text },
        required: z.boolean('true or false, at the input itself').optional(),
        enum: choices(z.union([z.string(), z.number(), z.boolean()], 'a text, a number or a boolean')).optional(),
        ...{ minimum: number, maximum: number, exclusiveMinimum: number, exclusiveMaximum: number },
        properties: z.record(z.string(), node, 'a map of inputs').optional(),
        items: z
          .strictObject(
            {
              type: z.enum(['string', 'integer', 'number'], 'string, integer or number'),
              enum: choices(z.union([z.string(), z.number()], 'a text or a number')),
            },
            'a map with type and enum: lists are picked from values',
          )
          .optional(),
        ...{ uniqueItems: z.boolean('true or false').optional(), minItems: count, maxItems: count },
        allOf: choices(node).optional(),
      },
      'a map with type',
    )
    .check((context) => {
      for (const { path, message } of misplaced(context.value)) {
        context.issues.push({ code: 'custom', input: context.value, path: [path], message });
      }
    }),
);

const bounds = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/** The keys that say something about values of a type. */
const keysOf: Record<(typeof types)[number], readonly (keyof InputSchema)[]> = {
  string: ['enum'],
  boolean: ['enum'],
  integer: ['enum', ...bounds],
  number: ['enum', ...bounds],
  object: ['properties'],
  array: ['items', 'uniqueItems', 'minItems', 'maxItems'],
};
const typed = [...new Set(Object.values(keysOf).flat())];

function misplaced(schema: InputSchema): { path: string; message: string }[] {
  const { type, allOf, items } = schema;
  if (type === undefined) return allOf === undefined ? [{ path: 'type', message: `one of ${types.join(', ')}` }] : [];
  if (type === 'array' && items === undefined) return [{ path: 'items', message: 'a map with type and enum' }];
  return typed
    .filter((key) => schema[key] !== undefined && !keysOf[type].includes(key))
    .map((path) => ({ path, message: `not of an input of type ${type}` }));
}

/** The inputs of a job: those of its configuration, by name. */
export const inputSchema = node.refine(
  ({ type, properties }) => type === 'object' && properties !== undefined,
  'type object with properties: the inputs by name',
);

/** More would say nothing new. */
const mostIssues = 20;

/**
 * What of a configuration its job does not allow. `isWhole`: what is required has to be there; without, more comes later.
 * Paths begin with `root`.
 */
export function inputIssues(
  schema: InputSchema,
  config: Record<string, unknown>,
  { root = 'runConfig', isWhole = true }: { root?: string; isWhole?: boolean } = {},
): FieldIssue[] {
  return issuesOf(schema, config, [], isWhole)
    .slice(0, mostIssues)
    .map(({ path, rule }) => {
      const issue = fieldIssue(path, config, rule);
      return { ...issue, path: [root, ...path].join('.') };
    });
}

interface Wrong {
  path: string[];
  rule: string;
}

function issuesOf(schema: InputSchema, value: unknown, path: string[], isWhole: boolean): Wrong[] {
  if (value === undefined) return isWhole && schema.required === true ? [{ path, rule: ruleOf(schema) }] : [];
  const rest = (schema.allOf ?? []).flatMap((each) => issuesOf(each, value, path, isWhole));
  if (schema.type !== undefined && !isOf(schema.type, value)) return [{ path, rule: ruleOf(schema) }, ...rest];
  if (!isWithin(schema, value)) return [{ path, rule: ruleOf(schema) }, ...rest];
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, each]) =>
    issuesOf(each, ownOf(value, name), [...path, name], isWhole),
  );
  return [...inner, ...rest];
}

function isOf(type: NonNullable<InputSchema['type']>, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function isWithin(schema: InputSchema, value: unknown): boolean {
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) return false;
  if (typeof value === 'number') return isBetween(schema, value);
  return !Array.isArray(value) || isPicked(schema, value);
}

function isBetween({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: InputSchema, value: number): boolean {
  return (
    (minimum === undefined || value >= minimum) &&
    (maximum === undefined || value <= maximum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (exclusiveMaximum === undefined || value < exclusiveMaximum)
  );
}

function isPicked({ items, uniqueItems, minItems, maxItems }: InputSchema, values: unknown[]): boolean {
  const allowed = new Set<unknown>(items?.enum);
  return (
    (items === undefined || values.every((value) => allowed.has(value) && isOf(items.type, value))) &&
    (uniqueItems !== true || new Set(values.map(canonicalJson)).size === values.length) &&
    (minItems === undefined || values.length >= minItems) &&
    (maxItems === undefined || values.length <= maxItems)
  );
}

const ownOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** What is allowed, in words. */
function ruleOf({ type, enum: values, items, uniqueItems, ...bounds }: InputSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minItems, maxItems } = bounds;
  const listed = values ?? items?.enum;
  const one = listed === undefined ? [] : [`${values === undefined ? 'some' : 'one'} of ${cut(listed.join(', '))}`];
  const limits = [
    ['at least', minimum],
    ['at most', maximum],
    ['more than', exclusiveMinimum],
    ['less than', exclusiveMaximum],
    ['in number at least', minItems],
    ['in number at most', maxItems],
  ].flatMap(([words, limit]) => (limit === undefined ? [] : [`${String(words)} ${String(limit)}`]));
  const kind = type === undefined ? [] : [kinds[type]];
  return [...kind, ...one, ...limits, ...(uniqueItems === true ? ['each once'] : [])].join(', ');
}

const kinds = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a map',
  array: 'a list',
} as const;

const cut = (words: string): string => (words.length <= 200 ? words : `${words.slice(0, 199)}…`);
