import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { resultMemo } from '../contracts/messages.ts';
import { runIdOf } from '../contracts/names.ts';
import { runResult, type RunResult } from '../contracts/run-result.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { asking } from './temporal-errors.ts';

/** How a run ended. */
export interface RunEnd extends RunResult {
  /** Why it failed, of a FailureType. Only where it did. */
  failure?: { type: string; message: string };
}

/**
 * Waits until a run has ended and answers how, for all endings alike: a failure is a value here.
 * @throws ClientError run-not-found; run-terminated where it was ended in Temporal, past its own code
 */
export async function result(relaunch: Relaunch, workflowId: string): Promise<RunEnd> {
  const { entity } = relaunch.settings;
  const handle = relaunch.temporal.workflow.getHandle(workflowId);
  try {
    return runEndOf(await asking(entity, workflowId, () => handle.result()), workflowId);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (!(error.cause instanceof CancelledFailure)) return endOfFailure(error.cause, workflowId);
    const { memo } = await asking(entity, workflowId, () => handle.describe());
    return runEndOf(memo?.[resultMemo], workflowId, 'cancelled');
  }
}

/** The end that a failure carries in its details. @throws ClientError run-terminated where the run could not say */
export function endOfFailure(failure: Error | undefined, workflowId: string): RunEnd {
  const ours = applicationFailure(failure);
  if (ours !== undefined) {
    const end = runEndOf(ours.details?.[0], workflowId, 'failed');
    return { ...end, failure: { type: ours.type ?? 'Error', message: ours.message } };
  }
  const how =
    failure instanceof TerminatedFailure ? 'terminated' : failure instanceof TimeoutFailure ? 'timed out' : 'failed';
  throw new ClientError(
    'run-terminated',
    `run "${workflowId}" was ${how} in Temporal, not by its own code (${failure?.message ?? 'no reason given'}): it has no result. Its agent stops what was left of it.`,
    { cause: failure },
  );
}

/** The innermost: others only say where it passed. */
function applicationFailure(failure: unknown): ApplicationFailure | undefined {
  if (!(failure instanceof Error)) return undefined;
  return applicationFailure(failure.cause) ?? (failure instanceof ApplicationFailure ? failure : undefined);
}

function runEndOf(value: unknown, workflowId: string, otherwise: RunResult['state'] = 'succeeded'): RunEnd {
  const parsed = runResult.safeParse(value);
  if (parsed.success) return parsed.data;
  return { run: runIdOf(workflowId), state: otherwise, attempts: [], requeues: 0, summary: {} };
}
