import { z } from 'zod';

const ending = {
  /** When it ended, ISO 8601. */
  at: z.string(),
  exitCode: z.int().optional(),
  /** The machine it ran on. */
  node: z.string().optional(),
  /** What a user can act on. */
  message: z.string().optional(),
};

export const failureCause = z.enum(['exit-code', 'out-of-memory', 'storage-limit', 'image-pull', 'invalid-config']);
export type FailureCause = z.infer<typeof failureCause>;

export const lostReason = z.enum([
  'node-lost',
  'agent-lost',
  'never-started',
  'runtime-restart',
  'vanished',
  'deleted-externally',
]);
export type LostReason = z.infer<typeof lostReason>;

export const timeoutPhase = z.enum(['queue', 'start', 'run']);
export type TimeoutPhase = z.infer<typeof timeoutPhase>;

/** The reason of a preemption that a person asked for: requeued whatever the policy's `on` says. */
export const requested = 'requested';

/**
 * How one attempt ended. A value, never an exception: it is recorded in the history and decides what happens next.
 * Exceptions are for infrastructure that could not tell us.
 */
export const attemptOutcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('succeeded'), ...ending }),
  z.object({ kind: z.literal('stopped-early'), ...ending }),
  z.object({ kind: z.literal('failed'), cause: failureCause, ...ending }),
  z.object({ kind: z.literal('preempted'), reason: z.string(), by: z.string(), ...ending }),
  z.object({ kind: z.literal('lost'), reason: lostReason, ...ending }),
  z.object({ kind: z.literal('timed-out'), phase: timeoutPhase, ...ending }),
  z.object({ kind: z.literal('cancelled'), by: z.string().optional(), reason: z.string().optional(), ...ending }),
]);
export type AttemptOutcome = z.infer<typeof attemptOutcome>;

/** An outcome in words: `exit code 3 on node-7: no such file`. */
export function describeOutcome(outcome: AttemptOutcome): string {
  const where = outcome.node === undefined ? '' : ` on ${outcome.node}`;
  return `${headline(outcome)}${where}${outcome.message === undefined ? '' : `: ${outcome.message}`}`;
}

function headline(outcome: AttemptOutcome): string {
  switch (outcome.kind) {
    case 'succeeded':
    case 'stopped-early':
      return outcome.kind;
    case 'failed':
      return outcome.cause === 'exit-code' ? `exit code ${String(outcome.exitCode)}` : outcome.cause;
    case 'preempted':
      return `preempted (${outcome.reason}, by ${outcome.by})`;
    case 'lost':
      return `lost (${outcome.reason})`;
    case 'timed-out':
      return `timed out (${outcome.phase})`;
    case 'cancelled':
      return `cancelled${outcome.by === undefined ? '' : ` by ${outcome.by}`}${outcome.reason === undefined ? '' : ` (${outcome.reason})`}`;
    default:
      return assertNever(outcome);
  }
}

/** Makes a switch over a union exhaustive at compile time. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value ${JSON.stringify(value)}`);
}
