import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import type { z } from 'zod';
import { resultMemo } from '../contracts/messages.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { asking } from './temporal-errors.ts';

/** How one of our workflows closed, and what it said then. */
export interface Closing<T> {
  closed: 'succeeded' | 'failed' | 'cancelled';
  /** Its result, wherever Temporal keeps it; undefined where it is not what it should be. */
  said: T | undefined;
  /** Of a FailureType. Only where it failed. */
  failure?: { type: string; message: string };
}

/**
 * Waits until a workflow has closed. A failure is a value here.
 * @throws ClientError run-not-found; run-terminated where it was ended in Temporal, past its own code
 */
export async function closingOf<T>(relaunch: Relaunch, workflowId: string, schema: z.ZodType<T>): Promise<Closing<T>> {
  const { settings } = relaunch;
  const handle = relaunch.temporal.workflow.getHandle(workflowId);
  const said = (value: unknown): T | undefined => schema.safeParse(value).data;
  try {
    return { closed: 'succeeded', said: said(await asking(settings, workflowId, () => handle.result())) };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (!(error.cause instanceof CancelledFailure)) return failed(error.cause, workflowId, said);
    const { memo } = await asking(settings, workflowId, () => handle.describe());
    return { closed: 'cancelled', said: said(memo?.[resultMemo]) };
  }
}

/** Exported for its test. */
export function failed<T>(
  failure: Error | undefined,
  workflowId: string,
  said: (value: unknown) => T | undefined,
): Closing<T> {
  const ours = applicationFailure(failure);
  if (ours !== undefined) {
    const { type, message, details } = ours;
    return { closed: 'failed', said: said(details?.[0]), failure: { type: type ?? 'Error', message } };
  }
  const how =
    failure instanceof TerminatedFailure ? 'terminated' : failure instanceof TimeoutFailure ? 'timed out' : 'failed';
  throw new ClientError(
    'run-terminated',
    `"${workflowId}" was ${how} in Temporal, not by its own code (${failure?.message ?? 'no reason given'}): it has no result. What was left of it is stopped by its agents.`,
    { cause: failure },
  );
}

/** The innermost: others only say where it passed. */
function applicationFailure(failure: unknown): ApplicationFailure | undefined {
  if (!(failure instanceof Error)) return undefined;
  return applicationFailure(failure.cause) ?? (failure instanceof ApplicationFailure ? failure : undefined);
}
