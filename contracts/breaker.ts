import { z } from 'zod';
import { describeOutcome, type AttemptOutcome } from './outcome.ts';

/** An attempt that failed, with none that succeeded after it. */
export const failureInARow = z.object({ run: z.string(), attempt: z.int(), uid: z.string(), message: z.string() });
export type FailureInARow = z.infer<typeof failureInARow>;

/** `slots/<queue>/failures.json`: the last attempts of a queue with a circuit breaker, as far as they failed. */
export const failuresInARow = z.object({ failures: z.array(failureInARow) });

/** What an outcome says about where it ran: that it is well, that it may not be, or nothing. */
export function bearingOn({ kind }: AttemptOutcome): 'good' | 'bad' | 'none' {
  switch (kind) {
    case 'succeeded':
    case 'stopped-early':
      return 'good';
    case 'failed':
    case 'lost':
      return 'bad';
    default:
      return 'none';
  }
}

/** Why a queue was paused, in words. `discreet`: without those of a job. */
export function tripped(failures: readonly FailureInARow[], discreet = false): string {
  const last = failures.at(-1);
  const words = last === undefined ? '' : `, the last of run ${last.run}${discreet ? '' : `: ${last.message}`}`;
  return `${String(failures.length)} failures in a row${words}`.slice(0, 500);
}

export const failureOf = (
  { run, attempt, uid }: Omit<FailureInARow, 'message'>,
  outcome: AttemptOutcome,
): FailureInARow => ({ run, attempt, uid, message: describeOutcome(outcome).slice(0, 300) });
