import { expect, test } from 'vitest';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { parameterTree } from '../../contracts/parameters.ts';

function wrong(tree: unknown): string {
  const read = parameterTree.safeParse(tree);
  return read.success ? 'nothing' : formatIssues(fieldIssues(read.error, tree));
}

test.each([
  ['a value', { value: null }, { distribution: 'constant', value: null }],
  ['values', { values: [1, 'a', [2]] }, { distribution: 'categorical', values: [1, 'a', [2]] }],
  [
    'values with probabilities',
    { values: [1, 2], probabilities: [0.25, 0.75] },
    { distribution: 'categorical_w_probabilities', values: [1, 2], probabilities: [0.25, 0.75] },
  ],
  ['whole bounds', { min: 1, max: 4 }, { distribution: 'int_uniform', min: 1, max: 4 }],
  ['a bound with a fraction', { min: 1, max: 4.5 }, { distribution: 'uniform', min: 1, max: 4.5 }],
  ['a named distribution', { distribution: 'uniform', min: 1, max: 4 }, { distribution: 'uniform', min: 1, max: 4 }],
  ['a q that is not said', { distribution: 'q_normal' }, { distribution: 'q_normal', mu: 0, sigma: 1, q: 1 }],
  ['a shape that is not said', { distribution: 'beta' }, { distribution: 'beta', a: 1, b: 1 }],
])('%s tells the distribution', (_, fields, distribution) => {
  expect(parameterTree.parse({ p: fields })).toEqual({ p: distribution });
});

test('groups hold parameters and groups', () => {
  const tree = { a: { parameters: { b: { parameters: { c: { value: 1 } } } } } };
  expect(parameterTree.parse(tree)).toEqual({
    a: { parameters: { b: { parameters: { c: { distribution: 'constant', value: 1 } } } } },
  });
});

test.each([
  ['no parameters', {}, 'at least one parameter'],
  ['an empty group', { a: { parameters: {} } }, 'a.parameters is {}: at least one parameter'],
  ['a list', [], 'a map of parameters'],
  ['a bare value', { a: 3 }, 'a is 3'],
  ['an unknown key', { a: { vals: [1] } }, 'a is {"vals":[1]}: a map with value; values; min and max'],
  ['an unknown key in a group', { m: { parameters: { a: { vals: 1 } } } }, 'm.parameters.a is {"vals":1}'],
  ['an unknown distribution', { a: { distribution: 'cauchy' } }, 'one of constant, categorical'],
  ['a field of another distribution', { a: { distribution: 'normal', q: 1 } }, 'a.q is 1: not a known field'],
  ['no values', { a: { values: [] } }, 'a.values is []: at least one value'],
  ['bounds that cross', { a: { min: 2, max: 1 } }, 'min has to be below max'],
  ['bounds that meet', { a: { min: 1, max: 1 } }, 'min has to be below max'],
  ['text for a bound', { a: { min: '1e-4', max: 1 } }, 'a.min is "1e-4"'],
  ['too few probabilities', { a: { values: [1, 2], probabilities: [1] } }, 'as many probabilities as values'],
  [
    'probabilities that do not add up',
    { a: { values: [1, 2], probabilities: [0.5, 0.6] } },
    'add up to 1, and are 1.1',
  ],
  ['the logarithm of nothing', { a: { distribution: 'log_uniform_values', min: 0, max: 1 } }, 'a.min is 0: above 0'],
  ['no step', { a: { distribution: 'q_uniform', min: 0, max: 1, q: 0 } }, 'a.q is 0: above 0'],
  [
    'a step that leads nowhere',
    { a: { distribution: 'q_uniform', min: 1e20, max: 1e21, q: 1 } },
    'q is nothing beside min',
  ],
  ['half a whole number', { a: { distribution: 'int_uniform', min: 0.5, max: 2 } }, 'a.min is 0.5'],
  ['a name that is none', { '1a': { value: 1 } }, '1a is {"value":1}: a name of letters'],
  ['a name that JavaScript obeys', JSON.parse('{"__proto__": {"value": 1}}'), 'a map of parameters'],
])('%s is refused where it stands', (_, tree, sentence) => {
  expect(wrong(tree)).toContain(sentence);
});
