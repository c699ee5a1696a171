import { expect, test } from 'vitest';
import { sweepTally } from '../../contracts/sweep-tally.ts';
import { renderPlan } from '../../scripts/commands/sweep/plan.ts';
import { csvOf, renderTrials } from '../../scripts/commands/sweep/results.ts';
import { renderSweep, renderSweeps } from '../../scripts/commands/sweep/show.ts';
import type { RunRow, RunView, SweepRow, TrialRow } from '../../client/index.ts';
import { ClientError } from '../../client/index.ts';
import { RelaunchError } from '../../contracts/failures.ts';
import { renderRuns } from '../../scripts/commands/list.ts';
import { renderRun } from '../../scripts/commands/show.ts';
import { complaintOf } from '../../scripts/complaint.ts';
import { describeEnd, exitCodeOf } from '../../scripts/follow-run.ts';
import { renderAge, renderJson } from '../../scripts/render.ts';

const hostile = 'a\u001b]0;owned\u0007\u001b[31mred\nsecond\rline\u009b2Jé';
const row: RunRow = {
  id: 'r-1',
  workflowId: 'r-1',
  name: hostile,
  state: 'running',
  queue: 'q',
  project: hostile,
  user: hostile,
  attempt: 2,
  tags: [hostile],
  sweep: undefined,
  job: hostile,
  startedAt: new Date(0),
  closedAt: undefined,
};
// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

test('a name with control characters stays in its line and cannot steer the terminal', () => {
  const shown = renderRuns([row], 5_000);
  expect(shown).not.toMatch(control);
  expect(shown.split('\n')).toHaveLength(2);
  expect(shown).toContain('r-1');
});

test('what a job said last cannot steer the terminal either', () => {
  const outcome = { kind: 'failed', cause: 'exit-code', exitCode: 3, at: '', node: hostile, message: hostile } as const;
  const attempts = [{ attempt: 1, startedAt: new Date(0).toISOString(), agent: hostile, outcome }];
  const end = {
    run: 'r-1',
    state: 'failed',
    outcome,
    attempts,
    requeues: 0,
    summary: { [hostile]: { last: 1, min: 1, max: 1 } },
  } as const;
  const view: RunView = {
    ...row,
    troubles: [{ activity: 'submitAttempt', failures: 2, message: hostile }],
    status: undefined,
    end: { ...end, attempts: [...attempts], failure: { type: 'JobFailed', message: hostile } },
  };
  expect(renderRun(view, undefined, 0)).not.toMatch(control);
});

test('JSON keeps everything, with nothing that a terminal obeys', () => {
  const json = renderJson({ name: hostile });
  expect(json).not.toMatch(control);
  expect(JSON.parse(json)).toEqual({ name: hostile });
});

test('no runs is said in words', () => {
  expect(renderRuns([], 0)).toBe('no runs');
});

test('the end of a run is one line with its cause', () => {
  const end = {
    run: 'r',
    state: 'failed',
    attempts: [],
    requeues: 1,
    summary: {},
    failure: { type: 'JobFailed', message: 'exit code 3' },
  } as const;
  expect(describeEnd({ ...end, attempts: [] })).toBe('failed: exit code 3 [JobFailed] (0 attempts, 1 requeue)');
});

test('a cancelled run says who and why', () => {
  const outcome = { kind: 'cancelled', by: 'ada', reason: 'wrong data', at: '' } as const;
  const end = { run: 'r', state: 'cancelled', outcome, attempts: [], requeues: 0, summary: {} } as const;
  expect(describeEnd({ ...end, attempts: [] })).toBe('cancelled by ada (wrong data) (0 attempts, 0 requeues)');
  expect(describeEnd({ ...end, outcome: undefined, attempts: [] })).toBe('cancelled (0 attempts, 0 requeues)');
});

test.each([
  ['succeeded', 0],
  ['failed', 1],
  ['timed-out', 1],
  ['cancelled', 3],
] as const)('--follow of a run that %s exits with %i', (state, code) => {
  expect(exitCodeOf({ state })).toBe(code);
});

test.each([
  [new RelaunchError('LaunchRejected', 'refused:\nretries is -1'), ['error: refused:', '  retries is -1'], 2],
  [new ClientError('bad-input', 'no'), ['error: no'], 2],
  [new ClientError('temporal-unreachable', 'nothing answers'), ['error: nothing answers'], 1],
  [new Error(hostile.slice(0, 20)), ['error: ared'], 1],
  ['text', ['error: text'], 1],
])('an error is a sentence: %s', (error, lines, code) => {
  expect(complaintOf(error, false)).toEqual({ lines, code });
});

test('the stack, with its causes, only where it was asked for', () => {
  const { lines } = complaintOf(new Error('outer', { cause: new Error('inner') }), true);
  expect(lines.join('\n')).toMatch(/error: outer\nError: outer\n[^]*caused by:\nError: inner/);
});

test.each([
  [-5, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [7_200_000, '2h'],
  [172_800_000, '2d'],
])('%i ms is %s', (ms, text) => {
  expect(renderAge(ms)).toBe(text);
});

test('what people call their sweeps, parameters and metrics cannot steer the terminal', () => {
  const sweep: SweepRow = {
    ...{ id: hostile, name: hostile, queue: 'q', project: hostile, user: hostile },
    ...{ state: 'failed', startedAt: new Date(0), closedAt: new Date(1) },
  };
  const failures = [{ index: 0, run: hostile, message: hostile }];
  const tally = sweepTally.parse({ failed: 1, failures, best: { index: 0, run: hostile, value: 1 } });
  const failure = { type: hostile, message: hostile };
  const progress = { sweep: hostile, state: 'failed', running: 0, tally, failure } as const;
  const trial: TrialRow = {
    ...{ index: 0, run: hostile, state: 'failed', config: { [hostile]: hostile, map: { [hostile]: 1 } }, attempts: 1 },
    ...{ summary: { [hostile]: { last: 1, min: 1, max: 1 } }, startedAt: new Date(0), closedAt: undefined },
  };
  const first = [{ index: 0, config: trial.config }];
  const plan = {
    method: 'grid',
    seed: 0,
    points: 1,
    total: 1,
    numWorkers: 1,
    maxWorkers: 1,
    first,
    notes: [],
  } as const;
  for (const shown of [
    renderSweeps([sweep], 5_000),
    renderSweep({ ...sweep, progress }, undefined, 5_000),
    renderTrials([trial]),
    renderPlan({ ...plan, first, notes: [] }),
    ...csvOf([trial]),
  ]) {
    expect(shown).not.toMatch(control);
  }
});
