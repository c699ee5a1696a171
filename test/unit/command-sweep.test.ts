import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrialRow } from '../../client/index.ts';
import { sweepTally } from '../../contracts/sweep-tally.ts';
import { csvOf } from '../../scripts/commands/sweep/results.ts';
import { renderPlan } from '../../scripts/commands/sweep/plan.ts';
import { describeSweep } from '../../scripts/follow-sweep.ts';
import { readSweepFile } from '../../scripts/read-sweep.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'relaunch-sweep-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function read(text: string) {
  writeFileSync(join(dir, 'sweep.yaml'), text);
  return readSweepFile('sweep.yaml', dir, {});
}

describe('a sweep file', () => {
  const parametersIn = (parameters: string): unknown =>
    read(`method: random\nprogram: x.py\nparameters:\n${parameters}`).sweep.parameters;

  test.each([
    ['  a: { min: 1, max: 2 }', { a: { min: 1, max: 2 } }],
    ['  a: { min: 1.0, max: 2 }', { a: { min: 1, max: 2, distribution: 'uniform' } }],
    ['  a:\n    max: 2e0\n    min: 1', { a: { min: 1, max: 2, distribution: 'uniform' } }],
    ['  a: { min: 1, max: !!float 1e1 }', { a: { min: 1, max: 10, distribution: 'uniform' } }],
    ['  a: { min: 1.0, max: 2.0, distribution: q_uniform }', { a: { min: 1, max: 2, distribution: 'q_uniform' } }],
    [
      '  m: { parameters: { a: { min: 0.0, max: 1.0 } } }',
      { m: { parameters: { a: { min: 0, max: 1, distribution: 'uniform' } } } },
    ],
    ['  a: &a { min: 0.0, max: 1.0 }\n  b: *a', { a: uniform(), b: uniform() }],
  ])('tells fractions from whole numbers as they are written: %s', (text, parameters) => {
    expect(parametersIn(text)).toEqual(parameters);
  });

  function uniform(): object {
    return { min: 0, max: 1, distribution: 'uniform' };
  }

  test('counts its directory from where it is', () => {
    const { sweep } = read(
      'method: grid\nprogram: x.py\nparameters: { a: { value: 1 } }\nsource: { code: { dir: ../y } }',
    );
    expect(sweep.launch.source).toEqual({ code: { dir: join(dir, '..', 'y') } });
  });

  test.each([
    ['method: [grid', 'sweep.yaml is no YAML'],
    ['method: bayes\nparameters: {}', 'method is "bayes"'],
    ['', 'sweep.yaml is no sweep'],
  ])('that is none is refused in words: %j', (text, sentence) => {
    expect(() => read(text)).toThrow(sentence);
  });

  test('may be JSON', () => {
    const { sweep } = read('{"method": "grid", "program": "x.py", "parameters": {"a": {"min": 0.5, "max": 1.0}}}');
    expect(sweep.parameters).toEqual({ a: { min: 0.5, max: 1, distribution: 'uniform' } });
  });

  test('that is not there is refused', () => {
    expect(() => readSweepFile('nothing.yaml', dir, {})).toThrow('nothing.yaml cannot be read: there is no such file');
  });
});

const row = (more: Partial<TrialRow>): TrialRow => ({
  ...{ index: 0, run: 's-0', state: 'succeeded', config: {}, summary: {}, attempts: 1 },
  ...{ startedAt: new Date(0), closedAt: new Date(1) },
  ...more,
});

test('results are lines of values that every spreadsheet reads, and none that it would obey', () => {
  const loss = { last: 0.5, min: 0.1, max: 3 };
  const rows = [
    row({ config: { opt: { kind: 'a,"b"' }, lr: 0.1, layers: [1, 2] }, summary: { loss } }),
    row({ index: 1, run: 's-1', state: 'failed', config: { lr: 1e-7, note: '=cmd()' } }),
  ];
  expect(csvOf(rows)).toEqual([
    'trial,run,state,attempts,opt.kind,lr,layers,note,loss',
    '0,s-0,succeeded,1,"a,""b""",0.1,"[1,2]",,0.5',
    "1,s-1,failed,1,,1e-7,,'=cmd(),",
  ]);
});

test.each([
  [{ running: 2, total: 9, numWorkers: 4 }, {}, 'running: 3 of 9 done, 2/4 running, 1 failed'],
  [{ running: 2 }, {}, 'running: 3 done, 2 running, 1 failed'],
  [
    { running: 0 },
    { cancelled: 1, best: { index: 1, run: 's-1', value: 0.5 }, stopped: 'target' },
    'running: 4 done, 0 running, 1 failed, 1 cancelled, best 0.5 (s-1), starts no more: target',
  ],
] as const)('one line says how far a sweep is: %j', (more, counts, line) => {
  const tally = sweepTally.parse({ succeeded: 2, failed: 1, ...counts });
  expect(describeSweep({ sweep: 's', state: 'running', tally, ...more })).toBe(line);
});

test('a plan shows its bounds and its first points', () => {
  const first = [
    { index: 0, config: { lr: 0.1, kind: 'a' } },
    { index: 2, config: { lr: 1, kind: 'b' } },
  ];
  const plan = {
    method: 'random',
    seed: 7,
    points: undefined,
    total: 20,
    numWorkers: 4,
    maxWorkers: 8,
  } as const;
  expect(
    renderPlan({ ...plan, first, notes: [] })
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual([
    'method     random; these are the points of --seed 7',
    'points     without end',
    'trials     20',
    'workers    4, at most 8 on this queue',
    '',
    'TRIAL  LR   KIND',
    '0      0.1  "a"',
    '2      1    "b"',
  ]);
});
