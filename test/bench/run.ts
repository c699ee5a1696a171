import { InvalidArgumentError } from 'commander';
import { onStopSignals } from '../../scripts/until-signal.ts';
import type { Measuring } from './with-cluster.ts';

/** A number of things, as a flag says it. */
export function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 to 99999');
}

/** Measures and prints what came out, then ends the process; Ctrl-C, or more than `longestMs`, ends it before. */
export async function runBench(longestMs: number, measure: (measuring: Measuring) => Promise<string>): Promise<never> {
  const asked = new AbortController();
  onStopSignals((times) => {
    if (times > 1) process.exit(130);
    asked.abort(new Error('interrupted'));
  });
  // Calls that are under way when the cluster goes away are tried again by timers, and fail where nobody can catch them. Nothing that
  // fails there may keep us from stopping the cluster.
  process.on('uncaughtException', (error) => {
    if (!asked.signal.aborted) console.error(error);
    process.exitCode = 1;
  });
  try {
    const signal = AbortSignal.any([asked.signal, AbortSignal.timeout(longestMs)]);
    const say = (what: string): void => void process.stderr.write(`${what}\n`);
    process.stdout.write(`${await measure({ signal, say })}\n`);
  } catch (error) {
    if (!asked.signal.aborted) console.error(error);
    process.exitCode = asked.signal.aborted ? 130 : 1;
  }
  process.exit();
}
