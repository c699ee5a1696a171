import { colours } from './colours.ts';
import { ClientError, follow, type Relaunch, type RunEnd, type RunEvent, type SweepRow } from '../client/index.ts';
import { describeOutcome, type AttemptOutcome } from '../contracts/outcome.ts';
import { textOf } from './log-text.ts';
import type { Cli } from './cli.ts';
import { exitCode } from './complaint.ts';
import { paintState, plain, renderJson } from './render.ts';

/** Shows a run until it has ended: its lines on stdout, its states on stderr; or everything as JSON lines on stdout. Answers the exit code. */
export async function followRun(cli: Cli, relaunch: Relaunch, workflowId: string, json: boolean): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  process.once('SIGINT', interrupt);
  try {
    for await (const event of follow(relaunch, workflowId, { signal: stop.signal })) {
      if (json) cli.out.line(renderJson(asJson(event)));
      else showEvent(cli, event);
      if (event.kind === 'end') return exitCodeOf(event.end);
    }
  } finally {
    process.off('SIGINT', interrupt);
  }
  if (!stop.signal.aborted) throw new ClientError('run-ended', `run "${workflowId}" can no longer be followed`);
  cli.err.line(`stopped following; run ${workflowId} goes on. Cancel it with: relaunch cancel ${workflowId}`);
  return exitCode.interrupted;
}

/** 0 succeeded, 1 failed or timed out, 3 cancelled. */
export function exitCodeOf({ state }: { state: RunEnd['state'] | SweepRow['state'] }): number {
  if (state === 'succeeded') return exitCode.succeeded;
  return state === 'cancelled' ? exitCode.cancelled : exitCode.failed;
}

function showEvent(cli: Cli, event: RunEvent): void {
  if (event.kind === 'log') {
    cli.out.line(textOf(event.line));
    return;
  }
  cli.err.line(`${colours.dim('relaunch:')} ${wordsOf(event)}`);
}

function wordsOf(event: Exclude<RunEvent, { kind: 'log' }>): string {
  if (event.kind === 'held') return `held up: ${plain(event.why)}`;
  return event.kind === 'end' ? describeEnd(event.end) : describeState(event);
}

function describeState({ state, progress, node, ended }: RunEvent & { kind: 'state' }): string {
  const before =
    state === 'queued' && ended?.outcome !== undefined
      ? `; attempt ${String(ended.attempt)} ${plain(headlineOf(ended.outcome))}`
      : '';
  const where = node !== undefined && state === 'running' ? ` on ${plain(node)}` : '';
  return `${paintState(state)}${where}, ${plain(progress)}${before}`;
}

/** An outcome without the words it left, which may be many lines. */
export function headlineOf(outcome: AttemptOutcome): string {
  return describeOutcome({ ...outcome, message: undefined });
}

/** One line: the state, and why. */
export function describeEnd({ state, outcome, attempts, requeues, failure }: RunEnd): string {
  const tries = `${counted(attempts.length, 'attempt')}, ${counted(requeues, 'requeue')}`;
  if (failure !== undefined)
    return `${paintState(state)}: ${plain(failure.message)} [${plain(failure.type)}] (${tries})`;
  const why = outcome === undefined ? '' : headlineOf(outcome);
  // `cancelled by ada (wrong data)` begins with the state already.
  const rest = why.startsWith(state) ? why.slice(state.length) : why === '' ? '' : `: ${why}`;
  return `${paintState(state)}${rest.replace(/\S.*/s, plain)} (${tries})`;
}

const counted = (count: number, what: string): string => `${String(count)} ${what}${count === 1 ? '' : 's'}`;

/** The line without the mark that is only the store's business. */
function asJson(event: RunEvent): unknown {
  if (event.kind !== 'log') return event;
  return { ...event, line: { ...event.line, cursor: undefined } };
}
