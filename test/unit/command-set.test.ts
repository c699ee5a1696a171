import { expect, test } from 'vitest';
import { setValues } from '../../scripts/assignments.ts';

test.each([
  ['lr=0.1', { lr: 0.1 }],
  ['name=adam', { name: 'adam' }],
  ['version="3"', { version: '3' }],
  ['flag=true', { flag: true }],
  ['layers=[1,2]', { layers: [1, 2] }],
  ['empty=', { empty: '' }],
  ['eq=a=b', { eq: 'a=b' }],
  ['optim.betas.first=0.9', { optim: { betas: { first: 0.9 } } }],
])('--set %s', (assignment, expected) => {
  expect(setValues({}, [assignment])).toEqual(expected);
});

test('a nested key keeps its neighbours, and replaces what is no map', () => {
  expect(setValues({ optim: { lr: 1 }, data: 'x' }, ['optim.name=sgd', 'data.rows=3'])).toEqual({
    optim: { lr: 1, name: 'sgd' },
    data: { rows: 3 },
  });
});

test('what it starts from is not changed', () => {
  const base = { optim: { lr: 1 } };
  setValues(base, ['optim.lr=2']);
  expect(base).toEqual({ optim: { lr: 1 } });
});

test.each(['lr', '=1', 'a..b=1', '.a=1', '__proto__.x=1', 'a.__proto__=1'])('--set %s is refused', (assignment) => {
  expect(() => setValues({}, [assignment])).toThrow(/--set /);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});
