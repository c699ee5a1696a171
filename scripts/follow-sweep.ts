import { setTimeout as sleep } from 'node:timers/promises';
import { showSweep, type Relaunch, type SweepEnd, type SweepResult, type SweepRow } from '../client/index.ts';
import type { Cli } from './cli.ts';
import { exitCode } from './complaint.ts';
import { exitCodeOf } from './follow-run.ts';
import { paintState, plain, renderJson } from './render.ts';

const pollMs = 1_000;
/** Where lines stay: not more of them than a log can bear. */
const quietMs = 10_000;

/** Shows how far a sweep is until it has ended: one line, or where it is no terminal a line now and then; or JSON lines. Answers the exit code. */
export async function followSweep(cli: Cli, relaunch: Relaunch, sweep: string, json: boolean): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  process.once('SIGINT', interrupt);
  const line = new ProgressLine(cli, json);
  try {
    while (!stop.signal.aborted) {
      const { closedAt, progress, state } = await showSweep(relaunch, sweep);
      if (closedAt !== undefined) {
        line.end(progress, state);
        return exitCodeOf({ state });
      }
      if (progress !== undefined) line.show(progress);
      await sleep(pollMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    process.off('SIGINT', interrupt);
  }
  cli.err.line(`stopped following; sweep ${sweep} goes on. Cancel it with: relaunch sweep cancel ${sweep}`);
  return exitCode.interrupted;
}

class ProgressLine {
  readonly #cli: Cli;
  readonly #json: boolean;
  #before = '';
  #shownMs = -Infinity;

  constructor(cli: Cli, json: boolean) {
    this.#cli = cli;
    this.#json = json;
  }

  show(now: SweepResult): void {
    const text = describeSweep(now);
    if (text === this.#before) return;
    const { err, out } = this.#cli;
    if (this.#json) out.line(renderJson({ kind: 'progress', progress: now }));
    else if (err.tty) err.raw(`\r\u001b[K${text}`);
    else if (performance.now() - this.#shownMs < quietMs) return;
    else err.line(text);
    this.#before = text;
    this.#shownMs = performance.now();
  }

  /** Undefined: it was ended in Temporal, past its own code. */
  end(end: SweepEnd | undefined, state: SweepRow['state']): void {
    const { err, out } = this.#cli;
    if (this.#json) {
      out.line(renderJson({ kind: 'end', end: end ?? { state } }));
      return;
    }
    if (err.tty) err.raw('\r\u001b[K');
    err.line(end === undefined ? paintState(state) : describeSweep(end));
    if (end?.failure !== undefined) err.line(`${plain(end.failure.message)} [${plain(end.failure.type)}]`);
  }
}

/** One line: how far it is, and what is best so far. */
export function describeSweep({ state, running, total, tally, numWorkers }: SweepResult): string {
  const ended = tally.succeeded + tally.failed + tally.cancelled;
  const parts = [
    `${String(ended)}${total === undefined ? '' : ` of ${String(total)}`} done`,
    `${String(running)}${numWorkers === undefined ? '' : `/${String(numWorkers)}`} running`,
    `${String(tally.failed)} failed`,
    ...(tally.cancelled === 0 ? [] : [`${String(tally.cancelled)} cancelled`]),
    ...(tally.best === undefined ? [] : [`best ${String(tally.best.value)} (${plain(tally.best.run)})`]),
    ...(tally.stopped === undefined ? [] : [`starts no more: ${tally.stopped}`]),
  ];
  return `${paintState(state)}: ${parts.join(', ')}`;
}
