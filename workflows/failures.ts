import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { failureTypes, type FailureType } from '../contracts/failures.ts';

const known: readonly string[] = failureTypes;

/** Whether an activity's host did not take it within its time. */
export function nobodyCame(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'SCHEDULE_TO_START'
  );
}

/** Why a run cannot go on, from whatever an activity failed with: our own types stay, anything else is the fallback. */
export function failureOf(error: unknown, fallback: FailureType): { type: FailureType; message: string } {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && cause.type != null && known.includes(cause.type)) {
    return { type: cause.type as FailureType, message: cause.message };
  }
  return { type: fallback, message: cause instanceof Error ? cause.message : String(cause) };
}
