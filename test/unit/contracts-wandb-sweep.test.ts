import { expect, test } from 'vitest';
import { formatIssues } from '../../contracts/issues.ts';
import { sweepOfFile } from '../../contracts/wandb-sweep.ts';

const minimal = {
  method: 'grid',
  parameters: { a: { values: [1, 2] } },
  program: 'train.py',
  launch: { queue: 'gpu' },
};

function read(file: unknown, environment: Record<string, string> = {}) {
  const found = sweepOfFile(file, environment);
  if ('issues' in found) throw new Error(formatIssues(found.issues));
  return found;
}

const refusal = (file: unknown): string => {
  const found = sweepOfFile(file, {});
  return 'issues' in found ? formatIssues(found.issues) : 'nothing';
};

test("W&B's keys become ours", () => {
  const { sweep, notes } = read({
    ...{ method: 'random', parameters: { a: { min: 0, max: 1 } }, program: 'train.py', project: 'p', name: 'n' },
    ...{ description: 'd', run_cap: 9, metric: { name: 'loss', goal: 'maximize', target: 1 } },
    ...{ scheduler: { num_workers: '4' }, launch: { queue: 'gpu', priority: 'high' }, seed: 3 },
    ...{ maxFailures: 5, maxConsecutiveFailures: 2, retryFailedTrials: 1, source: { code: { dir: 'x' } } },
  });
  expect(sweep).toEqual({
    ...{ name: 'n', description: 'd', method: 'random', parameters: { a: { min: 0, max: 1 } } },
    ...{ metric: { name: 'loss', goal: 'maximize', target: 1 }, seed: 3, runCap: 9, numWorkers: 4 },
    ...{ maxFailures: 5, maxConsecutiveFailures: 2 },
    launch: {
      ...{ queue: 'gpu', priority: 'high', project: 'p', source: { code: { dir: 'x' } }, retries: 1 },
      entrypoint: ['/usr/bin/env', 'python', 'train.py', '${args}'],
    },
  });
  expect(notes).toEqual([]);
});

test('macros that are the same for all trials are filled in', () => {
  const command = [
    '${env}',
    '${interpreter}',
    '-u',
    '${program}',
    '--data=${envvar:DATA}/x',
    '${envvar:NONE}',
    7,
    '${args_json}',
  ];
  const { sweep } = read({ ...minimal, command }, { DATA: '/mnt' });
  expect(sweep.launch.entrypoint).toEqual([
    ...['/usr/bin/env', 'python', '-u', 'train.py', '--data=/mnt/x', 'NONE', '7', '${args_json}'],
  ]);
});

test('a value of the environment is text, also where it looks like a macro', () => {
  const { sweep } = read({ ...minimal, command: ['x', 'a${envvar:EVIL}'] }, { EVIL: '${envvar:HOME}$&' });
  expect(sweep.launch.entrypoint).toEqual(['x', 'a${envvar:HOME}$&']);
});

test('a job as W&B names it is the source, and has a command of its own', () => {
  const { program: _, ...rest } = minimal;
  const { sweep, notes } = read({ ...rest, job: 'team/vision/digits:v3' });
  expect(sweep.launch).toMatchObject({ source: { job: 'vision/digits:v3' } });
  expect(sweep.launch.entrypoint).toBeUndefined();
  expect(notes).toEqual(['entity "team" is not taken from the file: say --entity']);
  const own = read({ ...minimal, job: 'digits' }).sweep.launch;
  expect(own).toMatchObject({
    source: { job: 'digits' },
    entrypoint: ['/usr/bin/env', 'python', 'train.py', '${args}'],
  });
});

test('what means nothing here is said', () => {
  const { notes } = read({
    ...minimal,
    ...{ entity: 'team', controller: { type: 'local' }, metric: { name: 'loss', impute: 'worst' } },
    launch: { queue: 'gpu', resource: 'local-process' },
  });
  expect(notes).toEqual([
    'entity "team" is not taken from the file: say --entity',
    'controller: the search runs in its workflow, there is no local one',
    'metric.impute is for Bayesian search, and means nothing to grid and random',
    'resource "local-process": the queue decides where its runs go',
  ]);
});

test.each([
  ['Bayesian search', { method: 'bayes' }, 'method is "bayes": Bayesian search comes later'],
  ['a custom scheduler', { method: 'custom' }, 'custom schedulers come later'],
  ['early termination', { early_terminate: { type: 'hyperband' } }, 'early termination comes later'],
  ['a job beside an image', { job: 'x', image_uri: 'y' }, 'image_uri is "y": beside job: choose one'],
  ['a job that is no name', { job: 7 }, 'job is 7: the name of a job'],
  ['several metrics', { metrics: [] }, 'comes later'],
  ['a key that nobody knows', { foo: 1 }, 'foo is 1: not a known field'],
  ['a scheduler of its own', { scheduler: { num_workers: 1, job: 'x' } }, 'scheduler.job is "x": not a known field'],
  ['workers in words', { scheduler: { num_workers: 'many' } }, 'scheduler.num_workers is "many": a whole number'],
  ['a source in launch', { launch: { queue: 'q', source: {} } }, 'source stands beside launch'],
  ['two commands', { launch: { queue: 'q', entrypoint: ['x'] } }, 'beside command or program: choose one'],
  ['a macro that is none', { command: ['x', '${argz}'] }, 'command.1 is "${argz}": no macro: there are ${env}'],
  ['nothing to be run', { program: undefined }, 'program is missing: what is run'],
  ['a program that is not there', { program: undefined, command: ['${program}'] }, 'there is no program in this file'],
])('%s is refused with a way out', (_, more, sentence) => {
  expect(refusal({ ...minimal, ...more })).toContain(sentence);
});

test.each([[null], [7], ['method: grid'], [[]]])('%j is no sweep', (file) => {
  expect(refusal(file)).toContain('it is');
});
