import { ServiceError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { controlActivities } from '../../activities/control-activities.ts';
import { failure, standalone, startActivity } from '../support/activity-calls.ts';

describe('cancelOwnWorkflow', () => {
  const call = (cancel: (workflowId: string, runId: string) => Promise<void>, info = {}) =>
    startActivity(
      { namespace: 'team', taskQueue: 'relaunch', workflowExecution: { workflowId: 'w', runId: 'r' }, ...info },
      controlActivities(cancel).cancelOwnWorkflow,
    ).result;

  test('cancels the execution that calls it, and no other', async () => {
    const calls: unknown[] = [];
    const cancel = (...args: unknown[]): Promise<void> => Promise.resolve(void calls.push(args));
    await call(cancel);
    expect(calls).toEqual([['w', 'r']]);
    await expect(call(cancel, standalone)).rejects.toEqual(failure('AttemptRefused'));
    expect(calls).toHaveLength(1);
  });

  test('is tried again when Temporal does not answer', async () => {
    const away = call(() => Promise.reject(new ServiceError('Failed to cancel workflow')));
    await expect(away).rejects.toEqual(failure('BackendUnavailable', 'Failed to cancel'));
  });
});
