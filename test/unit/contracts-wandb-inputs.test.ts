import { expect, test } from 'vitest';
import { inputSchema } from '../../contracts/input-schema.ts';
import { preparedInputs } from '../../contracts/wandb-inputs.ts';

test('a model of pydantic, as it writes it, is a schema of inputs', () => {
  const model = {
    $defs: {
      Kind: { enum: ['adam', 'sgd'], title: 'Kind', type: 'string' },
      Optim: {
        properties: { kind: { $ref: '#/$defs/Kind' }, beta: { default: 0.9, title: 'Beta', type: 'number' } },
        required: ['kind'],
        title: 'Optim',
        type: 'object',
      },
    },
    properties: {
      lr: { exclusiveMinimum: 0, title: 'Lr', type: 'number' },
      optim: { allOf: [{ $ref: '#/$defs/Optim' }], description: 'how' },
      default: { type: 'boolean', default: true },
    },
    required: ['lr'],
    title: 'Config',
    type: 'object',
  };
  const prepared = preparedInputs(model);
  expect(prepared).toEqual({
    ...{ title: 'Config', type: 'object' },
    properties: {
      lr: { exclusiveMinimum: 0, title: 'Lr', type: 'number', required: true },
      optim: {
        ...{ title: 'Optim', type: 'object', description: 'how' },
        properties: {
          kind: { enum: ['adam', 'sgd'], title: 'Kind', type: 'string', required: true },
          beta: { title: 'Beta', type: 'number' },
        },
      },
      default: { type: 'boolean' },
    },
  });
  expect(inputSchema.safeParse(prepared).success).toBe(true);
});

test('a schema of inputs stays what it is', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { allOf: [{ type: 'integer' }, { type: 'number' }], required: true },
      b: { type: 'array', items: { type: 'integer', enum: [1] } },
    },
  };
  expect(preparedInputs(schema)).toEqual(schema);
});

test.each([
  ['into itself', { $defs: { A: { type: 'object', properties: { a: { $ref: '#/$defs/A' } } } }, $ref: '#/$defs/A' }],
  ['nowhere', { $defs: {}, type: 'object', properties: { a: { $ref: '#/$defs/toString' } } }],
])('a reference that leads %s is left to be refused', (_, schema) => {
  const parsed = inputSchema.safeParse(preparedInputs(schema));
  expect(parsed.error?.issues.flatMap((issue) => ('keys' in issue ? issue.keys : []))).toContain('$ref');
});
