import { ActivityFailure, ApplicationFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { runResult, type RunResult } from '../../contracts/run-result.ts';
import { failed } from '../../client/closing.ts';
import { runEndOf, type RunEnd } from '../../client/result.ts';

const endOfFailure = (failure: Error | undefined, workflowId: string): RunEnd =>
  runEndOf(
    failed(failure, workflowId, (value) => runResult.safeParse(value).data),
    workflowId,
  );

const ended: RunResult = {
  run: 'r',
  state: 'timed-out',
  attempts: [],
  requeues: 2,
  summary: { loss: { last: 1, min: 1, max: 2 } },
};

test('a failed run says why, and how far it came', () => {
  const failure = ApplicationFailure.create({ type: 'RunTimeout', message: 'too long', details: [ended] });
  expect(endOfFailure(failure, 'r')).toEqual({ ...ended, failure: { type: 'RunTimeout', message: 'too long' } });
});

test('the sentence is that of the innermost failure', () => {
  const cause = ApplicationFailure.create({ type: 'LaunchRejected', message: 'no such field' });
  const outer = new ActivityFailure(
    'Activity task failed',
    'resolveLaunch',
    '1',
    'NON_RETRYABLE_FAILURE',
    undefined,
    cause,
  );
  expect(endOfFailure(outer, 'r')).toEqual({
    run: 'r',
    state: 'failed',
    attempts: [],
    requeues: 0,
    summary: {},
    failure: { type: 'LaunchRejected', message: 'no such field' },
  });
});

test('details that are no result are not believed', () => {
  const failure = ApplicationFailure.create({ type: 'JobFailed', message: 'exit code 3', details: [{ run: 1 }] });
  expect(endOfFailure(failure, 'My Run')).toMatchObject({ state: 'failed', failure: { type: 'JobFailed' } });
});

test.each<[Error | undefined, RegExp]>([
  [new TerminatedFailure('by an admin'), /was terminated in Temporal, not by its own code \(by an admin\)/],
  [new TimeoutFailure('late', undefined, 'START_TO_CLOSE'), /was timed out in Temporal/],
  [undefined, /no reason given/],
])('a run that could not say how it ended is an error with a sentence: %s', (failure, sentence) => {
  expect(() => endOfFailure(failure, 'r')).toThrow(sentence);
});
