import type { StopArgument } from './activities.ts';
import { assertNever, requested, type AttemptOutcome } from './outcome.ts';

/** The facts of an end that stay whatever it is called. */
export type Ending = Pick<AttemptOutcome, 'at' | 'exitCode' | 'node' | 'message'>;

/** The outcome of an attempt that was made to end. What a person asked for says why; else the ending's message does. */
export function outcomeAsked(asked: Omit<StopArgument, 'attempt'>, ending: Ending): AttemptOutcome {
  const { by, reason } = asked;
  const { message: _message, ...facts } = ending;
  switch (asked.as) {
    case 'cancelled':
      return { kind: 'cancelled', ...definedOnly({ by, reason }), ...facts };
    case 'preempted':
      return {
        kind: 'preempted',
        reason: requested,
        by: by ?? 'unknown',
        ...definedOnly({ message: reason }),
        ...facts,
      };
    case 'stopped-early':
      return { kind: 'stopped-early', ...ending };
    case 'timed-out':
      return { kind: 'timed-out', phase: asked.phase ?? 'run', ...ending, ...definedOnly({ message: reason }) };
    case 'lost':
      return { kind: 'lost', reason: 'agent-lost', ...definedOnly({ message: reason }), ...ending };
    default:
      return assertNever(asked.as);
  }
}

function definedOnly<T extends Record<string, string | undefined>>(from: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}

/**
 * What an attempt's end is called, given what was seen of it, what was asked of it, and the reasons that its run is requeued for.
 * A success stays one; a job that left with a code its queue requeues on has preempted itself.
 */
export function nameOutcome(
  verdict: AttemptOutcome,
  asked: StopArgument | undefined,
  requeueOn: readonly string[],
): AttemptOutcome {
  if (verdict.kind === 'succeeded') return verdict;
  // It could not be stopped and may still run: not even a preemption that was asked for may start it anew.
  if (verdict.kind === 'lost' && verdict.reason === 'node-lost' && asked?.as === 'preempted') return verdict;
  const { at, exitCode, node, message } = verdict;
  const ending = {
    at,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(node === undefined ? {} : { node }),
    ...(message === undefined ? {} : { message }),
  };
  if (asked !== undefined) return outcomeAsked(asked, ending);
  const byExitCode = `exit:${String(exitCode)}`;
  if (verdict.kind === 'failed' && verdict.cause === 'exit-code' && requeueOn.includes(byExitCode)) {
    return { kind: 'preempted', reason: byExitCode, by: 'job', ...ending };
  }
  return verdict;
}
