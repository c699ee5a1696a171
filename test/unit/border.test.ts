import { readFile } from 'node:fs/promises';
import { ServiceError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { atBorder, toFailure } from '../../activities/border.ts';
import { failureTypes, isRetryable, RelaunchError } from '../../contracts/failures.ts';

test.each(failureTypes)(
  '%s keeps its type, its sentence and its cause, and is tried again only if that can help',
  (type) => {
    const cause = new Error('below');
    expect(toFailure(new RelaunchError(type, 'a sentence', { cause }))).toMatchObject({
      ...{ name: 'ApplicationFailure', type, message: 'a sentence', cause, nonRetryable: !isRetryable(type) },
    });
  },
);

test('what Temporal throws passes as it is', () => {
  const cancelled = new CancelledFailure('CANCELLED');
  expect(toFailure(cancelled)).toBe(cancelled);
  const own = ApplicationFailure.retryable('again', 'Own');
  expect(toFailure(own)).toBe(own);
});

test('the next agent goes on soon with what a stopped one left, however often that has happened', () => {
  expect(toFailure(new CancelledFailure('WORKER_SHUTDOWN'))).toMatchObject({
    ...{ name: 'ApplicationFailure', type: 'AgentStopped', nonRetryable: false, nextRetryDelay: '500ms' },
  });
});

test('an error of the system is tried again', async () => {
  const error: unknown = await readFile('/dev/null/nothing').catch((thrown: unknown) => thrown);
  const expected = { type: 'BackendUnavailable', nonRetryable: false, cause: error };
  expect(toFailure(error)).toMatchObject(expected);
});

test('Temporal that cannot be asked is tried again', () => {
  const error = new ServiceError('Failed to describe workflow');
  expect(toFailure(error)).toMatchObject({ type: 'BackendUnavailable', nonRetryable: false, cause: error });
});

test.each([
  [new TypeError('x is not a function'), 'TypeError', 'internal error: x is not a function'],
  ['a text', 'Error', 'internal error: a text'],
  [undefined, 'Error', 'internal error: undefined'],
])('a fault of ours, %s, is not tried again', (thrown, type, message) => {
  expect(toFailure(thrown)).toMatchObject({ type, message, nonRetryable: true });
});

test('an activity answers through the border, and fails through it', async () => {
  expect(await atBorder((a: number, b: number) => Promise.resolve(a + b))(1, 2)).toBe(3);
  const refuse = atBorder(() => Promise.reject(new RelaunchError('AttemptRefused', 'no')));
  await expect(refuse()).rejects.toMatchObject({ type: 'AttemptRefused', nonRetryable: true });
});
