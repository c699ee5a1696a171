import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { indexOfTrial, trialId, trialSpec } from '../../contracts/trial.ts';
import { pythonText } from '../../contracts/config-arguments.ts';

const launch = { queue: 'q', source: { code: { digest: 'a'.repeat(64) } }, entrypoint: ['python', 'train.py'] };
const sweep = { id: 's-1', name: 'digits' };
const config = { lr: 0.1, deep: true, flat: false, name: "o'hara", layers: [32, null], opt: { kind: 'adam' } };

test('a trial is named after its sweep, its number and its point', () => {
  const id = trialId('s-1', { index: 7, config: { a: 1, b: 2 }, rerun: 0 });
  expect(id).toMatch(/^s-1-7-[a-z2-7]{6}$/);
  expect(trialId('s-1', { index: 7, config: { b: 2, a: 1 }, rerun: 0 })).toBe(id);
  expect(trialId('s-1', { index: 7, config: { a: 1, b: 3 }, rerun: 0 })).not.toBe(id);
  expect(trialId('s-1', { index: 7, config: { a: 1, b: 2 }, rerun: 2 })).toBe(`${id}-r2`);
});

test('the longest id of a trial is still the id of its run', () => {
  const id = trialId('s'.repeat(28), { index: 99_999_999, config: {}, rerun: 99 });
  expect(id.length).toBeLessThanOrEqual(50);
});

test.each([
  ['s-1-7-abcdef', 7],
  ['s-1-7-abcdef-r3', 7],
  ['s-1-7-abc', undefined],
  ['s-12-7-abcdef', undefined],
  ['other', undefined],
])('the number of %s is %s', (id, index) => {
  expect(indexOfTrial('s-1', id)).toBe(index);
});

test('a trial gets the configuration of its launch, and its own over it', () => {
  const trial = { index: 3, config: { lr: 0.1 }, rerun: 0 };
  expect(trialSpec({ ...launch, runConfig: { lr: 1, epochs: 9 } }, sweep, trial)).toEqual({
    ...launch,
    ...{ name: 'digits-3', sweep: 's-1', runConfig: { lr: 0.1, epochs: 9 } },
  });
});

test.each([
  [
    '${args}',
    ['--lr=0.1', '--deep=True', '--flat=False', "--name=o'hara", '--layers=[32, None]', "--opt={'kind': 'adam'}"],
  ],
  [
    '${args_no_hyphens}',
    ['lr=0.1', 'deep=True', 'flat=False', "name=o'hara", 'layers=[32, None]', "opt={'kind': 'adam'}"],
  ],
  [
    '${args_no_boolean_flags}',
    ['--lr=0.1', '--deep', "--name=o'hara", '--layers=[32, None]', "--opt={'kind': 'adam'}"],
  ],
  [
    '${args_append_hydra}',
    ['+lr=0.1', '+deep=True', '+flat=False', "+name=o'hara", '+layers=[32, None]', "+opt={'kind': 'adam'}"],
  ],
  [
    '${args_override_hydra}',
    ['++lr=0.1', '++deep=True', '++flat=False', "++name=o'hara", '++layers=[32, None]', "++opt={'kind': 'adam'}"],
  ],
  ['${args_json}', [JSON.stringify(config)]],
  ['x${args}', ['x${args}']],
  ['constructor', ['constructor']],
  ['__proto__', ['__proto__']],
])('the macro %s is filled in for each trial', (macro, words) => {
  const spec = trialSpec({ ...launch, entrypoint: ['run', macro, 'end'] }, sweep, { index: 0, config, rerun: 0 });
  expect(spec.entrypoint).toEqual(['run', ...words, 'end']);
});

test('the macro ${args_json_file} is a file that is written before the command is run', () => {
  const values = { text: `it's "$HOME" \`x\``, n: 1 };
  const more = { entrypoint: ['sh', '-c', 'cat "$1" && echo "$2"', 'sh', '${args_json_file}'], args: ['last'] };
  const { entrypoint = [], args = [] } = trialSpec({ ...launch, ...more }, sweep, {
    index: 0,
    config: values,
    rerun: 0,
  });
  const [program = '', ...words] = [...entrypoint, ...args];
  const cwd = mkdtempSync(join(tmpdir(), 'relaunch-trial-'));
  const written = execFileSync(program, words, { cwd, encoding: 'utf8' });
  rmSync(cwd, { recursive: true });
  expect(written).toBe(`${JSON.stringify(values)}last\n`);
});

test('the macro ${args_no_equals} makes two words of each value', () => {
  const spec = trialSpec({ ...launch, args: ['${args_no_equals}'] }, sweep, {
    index: 0,
    config: { a: 1, b: 'x y' },
    rerun: 0,
  });
  expect(spec.args).toEqual(['--a', '1', '--b', 'x y']);
});

test.each([
  ["it's", "it's"],
  [[`it's`], `["it's"]`],
  [['say "it\'s"'], `['say "it\\'s"']`],
  [['a\nb\\'], `['a\\nb\\\\']`],
  [{ a: { b: [true, null] } }, "{'a': {'b': [True, None]}}"],
  [1e-7, '1e-7'],
])('%j is written as Python writes it', (value, text) => {
  expect(pythonText(value)).toBe(text);
});
