import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect } from 'vitest';
import { resultMemo } from '../../contracts/messages.ts';

/** Waits for a workflow that fails. `said`: what it leaves in the details. */
export async function failureIn(handle: WorkflowHandle): Promise<{ type: string; message: string; said: unknown }> {
  const cause = await causeOf(handle);
  if (!(cause instanceof ApplicationFailure)) throw new Error('it did not fail', { cause });
  return { type: cause.type ?? '', message: cause.message, said: cause.details?.[0] };
}

/** Waits for a workflow that closes as Canceled. Answers what it leaves in its memo. */
export async function cancellationIn(handle: WorkflowHandle): Promise<unknown> {
  const cause = await causeOf(handle);
  if (!(cause instanceof CancelledFailure)) throw new Error('it was not cancelled', { cause });
  const description = await handle.describe();
  expect(description.status.name).toBe('CANCELLED');
  return description.memo?.[resultMemo];
}

async function causeOf(handle: WorkflowHandle): Promise<Error | undefined> {
  try {
    await handle.result();
  } catch (error) {
    if (error instanceof WorkflowFailedError) return error.cause;
    throw error;
  }
  throw new Error('it succeeded');
}
