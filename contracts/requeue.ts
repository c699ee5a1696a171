import { assertNever, requested, type AttemptOutcome } from './outcome.ts';
import type { RequeuePolicy } from './requeue-policy.ts';
import type { FailureType } from './failures.ts';

/** `lost` for these reasons never ran, or ended with the machine: requeued without counting, this often in a run. */
export const mostUncountedRequeues = 3;

/** What a run has spent on attempts so far. */
export interface Spent {
  /** Counted requeues, against the policy's `max`. */
  requeues: number;
  /** Retries after failures, against the run's `retries`. */
  retries: number;
  /** Requeues that do not count, against {@link mostUncountedRequeues}. */
  uncounted: number;
}

export const nothingSpent: Spent = { requeues: 0, retries: 0, uncounted: 0 };

/** What a run may spend. */
export interface Allowance {
  requeue: RequeuePolicy;
  /** Attempts after a failure of the job's own, 0 by default. */
  retries: number;
}

/** What a run does after an attempt. */
export type Next =
  | { do: 'finish' }
  | { do: 'cancel' }
  | { do: 'requeue'; spent: Spent; backOffMs: number }
  | { do: 'fail'; type: FailureType; message: string };

/** What a run does after an attempt; `spent` is what it had spent before this outcome. The rules: design.md section 4, decideNext. */
export function decideNext(outcome: AttemptOutcome, allowed: Allowance, spent: Spent): Next {
  switch (outcome.kind) {
    case 'succeeded':
    case 'stopped-early':
      return { do: 'finish' };
    case 'cancelled':
      return { do: 'cancel' };
    case 'timed-out':
      return {
        do: 'fail',
        type: timeoutTypes[outcome.phase],
        message: 'the run took longer than its time-out allows',
      };
    case 'preempted':
      if (outcome.reason !== requested && !allowed.requeue.on.includes(outcome.reason)) {
        return { do: 'fail', type: 'JobPreempted', message: notInPolicy };
      }
      return countedRequeue(allowed, spent);
    case 'lost':
      if (outcome.reason === 'runtime-restart' || outcome.reason === 'never-started') return uncountedRequeue(spent);
      if (outcome.reason === 'deleted-externally') {
        return { do: 'fail', type: 'JobLost', message: 'the job was deleted by someone else' };
      }
      if (!allowed.requeue.on.includes(outcome.reason)) {
        return { do: 'fail', type: 'JobLost', message: notInPolicy };
      }
      return countedRequeue(allowed, spent);
    case 'failed':
      return afterFailure(outcome, allowed, spent);
    default:
      return assertNever(outcome);
  }
}

const notInPolicy = 'requeue.on of the queue does not name this reason, and the old copy may still run';

const timeoutTypes = { queue: 'QueueTimeout', start: 'StartTimeout', run: 'RunTimeout' } as const;

function afterFailure(outcome: AttemptOutcome & { kind: 'failed' }, allowed: Allowance, spent: Spent): Next {
  const retryable = outcome.cause === 'exit-code' || outcome.cause === 'out-of-memory';
  if (retryable && spent.retries < allowed.retries) return again({ ...spent, retries: spent.retries + 1 });
  const after = retryable && allowed.retries > 0 ? ` after ${String(allowed.retries)} retries` : '';
  return { do: 'fail', type: 'JobFailed', message: `the job failed${after}` };
}

function countedRequeue(allowed: Allowance, spent: Spent): Next {
  if (spent.requeues < allowed.requeue.max) return again({ ...spent, requeues: spent.requeues + 1 });
  return {
    do: 'fail',
    type: 'PreemptionLimitReached',
    message: `interrupted again after ${String(spent.requeues)} of ${String(allowed.requeue.max)} requeues`,
  };
}

function uncountedRequeue(spent: Spent): Next {
  if (spent.uncounted < mostUncountedRequeues) return again({ ...spent, uncounted: spent.uncounted + 1 });
  return {
    do: 'fail',
    type: 'JobLost',
    message: `lost again, after ${String(spent.uncounted)} new attempts that did not count`,
  };
}

function again(spent: Spent): Next {
  return { do: 'requeue', spent, backOffMs: backOffMs(spent.requeues + spent.retries + spent.uncounted) };
}

/** Milliseconds before the nth new attempt of a run: none before the first, then 5 s doubling to 2 min. */
export function backOffMs(nth: number): number {
  return nth <= 1 ? 0 : Math.min(5_000 * 2 ** (nth - 2), 120_000);
}

/** The most attempts a run can come to: what an agent accepts from a workflow it does not trust. */
export function mostAttempts(allowed: Allowance): number {
  return 1 + allowed.requeue.max + allowed.retries + mostUncountedRequeues;
}
