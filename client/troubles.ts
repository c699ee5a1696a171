import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { isInNobodysHands } from '../contracts/pending-activities.ts';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';

/** A step of a run that failed and is tried again. */
export interface Trouble {
  /** Temporal's word: `submitAttempt`. */
  activity: string;
  /** How often it has failed. */
  failures: number;
  /** What it failed of last. */
  message: string;
}

/** What holds a run up, though nobody gave it up. What is being tried at the moment is no trouble yet. */
export async function troublesOf({ raw }: WorkflowExecutionDescription, { options }: Client): Promise<Trouble[]> {
  const failed = (raw.pendingActivities ?? []).filter((activity) => activity.lastFailure && isInNobodysHands(activity));
  return Promise.all(
    failed.map(async ({ activityType, attempt, lastFailure }) => {
      const error = await decodeOptionalFailureToOptionalError(options.loadedDataConverter, lastFailure);
      const failures = Math.max(1, (attempt ?? 2) - 1);
      return { activity: activityType?.name ?? '', failures, message: error?.message ?? '' };
    }),
  );
}
