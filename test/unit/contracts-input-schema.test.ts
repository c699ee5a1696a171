import { describe, expect, test } from 'vitest';
import { inputIssues, inputSchema, type InputSchema } from '../../contracts/input-schema.ts';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';

function wrongWith(schema: unknown): string {
  const parsed = inputSchema.safeParse(schema);
  return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, schema));
}

const of = (properties: Record<string, InputSchema>): InputSchema => ({ type: 'object', properties });

describe("a schema of W&B's subset", () => {
  test.each([
    ['of every type', { a: { type: 'string' }, b: { type: 'integer' }, c: { type: 'number' }, d: { type: 'boolean' } }],
    ['for people', { a: { type: 'string', title: 't', description: 'd', label: 'l', placeholder: 'p', format: 'f' } }],
    ['with bounds', { a: { type: 'number', exclusiveMinimum: 0, maximum: 1 } }],
    ['with choices', { a: { type: 'string', enum: ['adam', 'sgd'], required: true } }],
    ['that nests', { a: { type: 'object', properties: { b: { type: 'object', properties: {} } } } }],
    ['with a pick-list', { a: { type: 'array', items: { type: 'integer', enum: [1, 2] }, uniqueItems: true } }],
    ['with parts that all hold', { a: { allOf: [{ type: 'integer' }, { type: 'number', minimum: 0 }] } }],
  ])('%s is one', (_, properties) => {
    expect(wrongWith({ type: 'object', properties })).toBe('');
  });

  test.each([
    ['no type', { a: {} }, 'properties.a.type is missing: one of string, integer'],
    ['another type', { a: { type: 'null' } }, 'properties.a.type is "null": one of string'],
    ['a bound of a text', { a: { type: 'string', minimum: 1 } }, 'properties.a.minimum is 1: not of an input of type'],
    ['a list of anything', { a: { type: 'array' } }, 'properties.a.items is missing'],
    ['a list of lists', { a: { type: 'array', items: { type: 'array', enum: [[]] } } }, 'properties.a.items.type is'],
    ['a list that is required', { a: { type: 'string', required: ['a'] } }, 'at the input itself'],
    ['a reference', { a: { type: 'string', $ref: '#/x' } }, 'properties.a.$ref is "#/x": not a known field'],
    ['no choice', { a: { type: 'string', enum: [] } }, 'properties.a.enum is []: at least one value'],
    ['a part that is none', { a: { allOf: [{ type: 'string' }, 7] } }, 'properties.a.allOf.1 is 7: a map with type'],
  ])('with %s is none', (_, properties, sentence) => {
    expect(wrongWith({ type: 'object', properties })).toContain(sentence);
  });

  test.each([[{ type: 'string' }], [{ type: 'object' }], [[]], ['text'], [null]])('%j is none', (schema) => {
    expect(wrongWith(schema)).not.toBe('');
  });
});

describe('a configuration', () => {
  const schema = of({
    lr: { type: 'number', exclusiveMinimum: 0, maximum: 1, required: true },
    epochs: { type: 'integer', minimum: 1 },
    optim: of({ name: { type: 'string', enum: ['adam', 'sgd'], required: true } }),
    layers: {
      type: 'array',
      items: { type: 'integer', enum: [8, 16, 32] },
      uniqueItems: true,
      minItems: 1,
      maxItems: 2,
    },
    both: { allOf: [{ type: 'number', minimum: 0 }, { type: 'integer' }] },
    fast: { type: 'boolean' },
  });

  test.each([
    { lr: 0.1 },
    { lr: 1, epochs: 3, optim: { name: 'sgd', beta: 0.9 }, layers: [8, 32], both: 2, fast: false, other: null },
  ])('%j is one of its job', (config) => {
    expect(inputIssues(schema, config)).toEqual([]);
  });

  test.each([
    ['without what is required', {}, 'runConfig.lr is missing: a number, at most 1, more than 0'],
    ['below an open bound', { lr: 0 }, 'runConfig.lr is 0: a number, at most 1, more than 0'],
    ['with text for a number', { lr: '0.1' }, 'runConfig.lr is "0.1": a number'],
    ['with null', { lr: null }, 'runConfig.lr is null: a number'],
    ['with half an epoch', { lr: 1, epochs: 1.5 }, 'runConfig.epochs is 1.5: a whole number, at least 1'],
    [
      'with another choice',
      { lr: 1, optim: { name: 'lion' } },
      'runConfig.optim.name is "lion": a text, one of adam, sgd',
    ],
    ['with a group that is none', { lr: 1, optim: 'adam' }, 'runConfig.optim is "adam": a map'],
    ['with a group that lacks its own', { lr: 1, optim: {} }, 'runConfig.optim.name is missing'],
    ['with a list of others', { lr: 1, layers: [8, 9] }, 'runConfig.layers is [8,9]: a list, some of 8, 16, 32'],
    ['with one twice', { lr: 1, layers: [8, 8] }, 'each once'],
    ['with too many', { lr: 1, layers: [8, 16, 32] }, 'in number at most 2'],
    ['with too few', { lr: 1, layers: [] }, 'in number at least 1'],
    ['against one of its parts', { lr: 1, both: 0.5 }, 'runConfig.both is 0.5: a whole number'],
  ])('%s is named', (_, config, sentence) => {
    expect(formatIssues(inputIssues(schema, config))).toContain(sentence);
  });

  test('that is not whole yet lacks nothing, and is wrong where it is', () => {
    expect(inputIssues(schema, {}, { isWhole: false })).toEqual([]);
    expect(inputIssues(schema, { optim: {}, lr: 2 }, { isWhole: false })).toMatchObject([{ path: 'runConfig.lr' }]);
  });

  test('is asked for its own keys only', () => {
    expect(inputIssues(of(JSON.parse('{"toString": {"type": "string"}}') as Record<string, InputSchema>), {})).toEqual(
      [],
    );
  });
});
