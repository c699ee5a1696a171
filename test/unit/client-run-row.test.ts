import { TypedSearchAttributes } from '@temporalio/common';
import { expect, test } from 'vitest';
import { rowOf } from '../../client/run-row.ts';
import { searchAttribute } from '../../contracts/search-attributes.ts';

type Info = Parameters<typeof rowOf>[0];

const info = (status: Info['status']['name'], state?: string, memo?: Record<string, unknown>): Info => ({
  type: 'launch',
  workflowId: 'My Run',
  runId: 'x',
  taskQueue: 'relaunch',
  status: { code: 1, name: status },
  historyLength: 1,
  startTime: new Date(0),
  typedSearchAttributes: new TypedSearchAttributes(
    state === undefined ? [] : [{ key: searchAttribute.state, value: state }],
  ),
  ...(memo === undefined ? {} : { memo }),
});

test.each([
  ['RUNNING', 'starting', 'starting'],
  ['RUNNING', undefined, 'queued'],
  ['COMPLETED', 'running', 'succeeded'],
  ['FAILED', 'timed-out', 'timed-out'],
  ['FAILED', 'running', 'failed'],
  ['CANCELLED', 'running', 'cancelled'],
  ['TERMINATED', 'running', 'terminated'],
  ['TIMED_OUT', 'running', 'timed-out'],
] as const)('%s with state %s is shown as %s', (status, state, shown) => {
  expect(rowOf(info(status, state)).state).toBe(shown);
});

test('a bare workflow has no name, and an id that can name objects', () => {
  const row = rowOf(info('RUNNING', 'queued', { name: 7 }));
  expect(row.name).toBeUndefined();
  expect(row.id).toMatch(/^my-run-[a-z2-7]{12}$/);
  expect(row.workflowId).toBe('My Run');
});
