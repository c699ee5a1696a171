import type { Verdict } from '../backend.ts';
import { signalOf } from '../words.ts';
import type { EndedBy } from './evidence.ts';
import type { ContainerState } from './objects.ts';

/** What is known of a container that has ended. */
export interface Ending {
  state: ContainerState;
  node: string;
  /** Somebody asked us to end it. */
  asked: boolean;
  /** Where {@link isInDoubt}. */
  by: EndedBy;
  /** What it wrote last to stderr. */
  lastWords: string;
}

/** Whether an exit code may be somebody else's doing: SIGTERM, SIGKILL, and what engines say of containers that they lost. */
export const isInDoubt = ({ ExitCode, OOMKilled }: ContainerState): boolean =>
  [143, 255].includes(ExitCode) || (ExitCode === 137 && !OOMKilled);

/** How an attempt has ended, by the last read of its container. */
export function verdictOf({ state, node, asked, by, lastWords }: Ending): Verdict {
  const { ExitCode: exitCode, OOMKilled, Error: trouble } = state;
  const at = timeOf(state.FinishedAt) ?? new Date().toISOString();
  const facts = { at, node };
  if (trouble !== '' && timeOf(state.StartedAt) === undefined) {
    if (asked) return { kind: 'lost', reason: 'never-started', ...facts, message: 'it was stopped before it began' };
    if (passing.test(trouble)) return { kind: 'lost', reason: 'never-started', ...facts, message: trouble };
    return { kind: 'failed', cause: 'invalid-config', ...facts, message: `${hintOf(trouble)}${trouble}` };
  }
  const ended = { exitCode, ...facts };
  if (exitCode === 0) return { kind: 'succeeded', ...ended };
  // The flag alone may be that of a child which the job has survived.
  if (OOMKilled && exitCode === 137) {
    return {
      kind: 'failed',
      cause: 'out-of-memory',
      ...ended,
      message: 'the container used more memory than its limit',
    };
  }
  if (!asked && isInDoubt(state) && by === 'restart') {
    const message = 'the Docker engine or its machine was restarted or stopped while the job ran';
    return { kind: 'lost', reason: 'runtime-restart', ...ended, message };
  }
  if (!asked && isInDoubt(state) && by === 'somebody') {
    const message = `somebody ended its container: docker stop or docker kill, ${signalOf(exitCode) || `exit code ${String(exitCode)}`}`;
    return { kind: 'lost', reason: 'deleted-externally', ...ended, message };
  }
  const ofChild = OOMKilled ? 'a process that the job had started used more memory than the limit' : '';
  const message = [ofChild, lastWords].filter((words) => words !== '').join('\n') || signalOf(exitCode);
  return { kind: 'failed', cause: 'exit-code', ...ended, ...(message === '' ? {} : { message }) };
}

/** What an engine says of itself, not of the container: another start may do. */
const passing =
  /ttrpc: closed|transport is closing|connection refused|context deadline exceeded|no space left on device|resource temporarily unavailable/i;

function hintOf(trouble: string): string {
  return trouble.includes('could not select device driver')
    ? 'this engine has no GPU runtime (the NVIDIA Container Toolkit), which gpus in resourceArgs.docker asks for: '
    : '';
}

/** Undefined where it never was. */
export const timeOf = (time: string): string | undefined =>
  time.startsWith('0001-') || time === '' ? undefined : time;
