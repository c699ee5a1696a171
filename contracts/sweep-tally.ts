import { z } from 'zod';

const count = z.int().min(0).default(0);

/** A trial that failed, in words. */
const failedTrial = z.object({ index: z.int(), run: z.string(), message: z.string() });

/** Why no other trial is started, though there are points. */
export const stopReasons = ['max-failures', 'consecutive-failures', 'target'] as const;

/**
 * All that a sweep has to remember: it goes from one execution to the next, and from an ended sweep to its resumption.
 * Trials that are in flight are not in it: it is handed on when there are none.
 */
export const sweepTally = z.object({
  /** The number of the next point. */
  next: count,
  /** Points that were started, each counted once. */
  drawn: count,
  succeeded: count,
  failed: count,
  /** Ended by somebody, one by one: cancelled, terminated or deleted. */
  cancelled: count,
  consecutiveFailures: count,
  /** The numbers of trials that failed and were not run again. */
  failedTrials: z.array(z.int()).default([]),
  /** The last few of them. */
  failures: z.array(failedTrial).default([]),
  /** The numbers of trials that were in flight when the sweep was cancelled. */
  interrupted: z.array(z.int()).default([]),
  /** Numbers of trials that are to be run again. */
  rerun: z.array(z.int()).default([]),
  /** How often trials were put back to be run again: a part of the ids of those. */
  reruns: count,
  best: z.object({ index: z.int(), run: z.string(), value: z.number() }).optional(),
  stopped: z.enum(stopReasons).optional(),
});
export type SweepTally = z.infer<typeof sweepTally>;

/** Puts the failed trials back, as if they had not ended. Answers how many. */
export function rerunFailed(tally: SweepTally): number {
  const { failedTrials } = tally;
  putBack(tally, failedTrials);
  tally.failed -= failedTrials.length;
  tally.failedTrials = [];
  tally.failures = [];
  tally.consecutiveFailures = 0;
  if (tally.stopped !== 'target') delete tally.stopped;
  return failedTrials.length;
}

/** Where an ended sweep goes on: what a cancel interrupted is run again, and a policy that stopped it begins to count anew. */
export function goOn(tally: SweepTally): void {
  putBack(tally, tally.interrupted);
  tally.cancelled -= tally.interrupted.length;
  tally.interrupted = [];
  tally.consecutiveFailures = 0;
  delete tally.stopped;
}

function putBack(tally: SweepTally, trials: readonly number[]): void {
  if (trials.length === 0) return;
  tally.rerun.push(...trials.toSorted((a, b) => a - b));
  tally.reruns++;
}
