import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { condition, upsertMemo, type CancellationScope } from '@temporalio/workflow';
import type { FailureType } from '../contracts/failures.ts';
import { describeOutcome, type AttemptOutcome } from '../contracts/outcome.ts';
import type { RunResult } from '../contracts/run-result.ts';
import type { SweepResult } from '../contracts/sweep-result.ts';
import { resultMemo } from '../contracts/messages.ts';
import { controlling } from './agents.ts';
import { failureOf } from './failures.ts';
import type { Inbox } from './inbox.ts';

/** Why a run ends without success: the type and sentence of its failure. */
export class RunFailed extends Error {
  readonly type: FailureType;
  readonly outcome: AttemptOutcome | undefined;

  constructor(type: FailureType, message: string, outcome?: AttemptOutcome) {
    super(message);
    this.type = type;
    this.outcome = outcome;
  }
}

/** Enough to say what is wrong; a failure that Temporal does not take fails the workflow task for ever. */
const longestSentence = 10_000;

/** Ends the workflow as Failed, with its result in the failure's details. Passes on a cancellation. */
export function closeAsFailed(error: unknown, page: { closed(state: 'failed' | 'timed-out'): unknown }): never {
  // Anything else is a fault of this code: the workflow task fails and is tried again until a worker with the repair comes.
  if (!(error instanceof RunFailed || error instanceof ActivityFailure)) throw error;
  const { type, message } = error instanceof RunFailed ? error : failureOf(error, 'AttemptRefused');
  const outcome = error instanceof RunFailed ? error.outcome : undefined;
  const result = page.closed(outcome?.kind === 'timed-out' || type === 'QueueTimeout' ? 'timed-out' : 'failed');
  const sentence = outcome === undefined ? message : `${message}: ${describeOutcome(outcome)}`;
  // What a submitter or a job wrote may have been cut, or have come, in the middle of a character: protobuf takes no half ones.
  const text = sentence.slice(0, longestSentence).toWellFormed();
  throw ApplicationFailure.create({ type, message: text, nonRetryable: true, details: [result] });
}

/**
 * Ends the workflow as Canceled. Temporal closes a workflow so only if it was asked itself: where the wish came by signal, an activity asks
 * (a thrown CancelledFailure would otherwise close as Failed). A Canceled workflow has no result, so the memo carries it.
 */
export async function closeAsCanceled(
  root: CancellationScope,
  inbox: Pick<Inbox, 'cancelRequested'>,
  result: RunResult | SweepResult,
): Promise<never> {
  upsertMemo({ [resultMemo]: result });
  if (!inbox.cancelRequested) {
    await controlling().cancelOwnWorkflow();
    await condition(() => inbox.cancelRequested);
  }
  return root.cancelRequested;
}
