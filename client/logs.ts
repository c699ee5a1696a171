import { runIdOf } from '../contracts/names.ts';
import { keyOf } from '../store/layout.ts';
import type { LogOf } from '../store/layout.ts';
import type { LogLine } from '../store/log-format.ts';
import { readLogs } from '../store/log-reader.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { follow } from './follow.ts';
import { describe } from './runs.ts';

export interface AttemptLine {
  attempt: LogOf;
  line: LogLine;
}

export interface LogOptions {
  /** Only this one, or only the build of its image; default: all attempts, in order. */
  attempt?: LogOf | undefined;
  /** Goes on until the run, or that attempt, has ended. */
  follow?: boolean;
  signal?: AbortSignal;
}

/** The lines a run has written. Where its record in Temporal is gone, what the store still has. @throws ClientError run-not-found; bad-input where it has no such attempt */
export async function* logs(
  relaunch: Relaunch,
  workflowId: string,
  options: LogOptions = {},
): AsyncGenerator<AttemptLine, void> {
  const { attempt, signal } = options;
  if (options.follow === true) {
    for await (const event of follow(relaunch, workflowId, { attempt, signal })) {
      if (event.kind === 'log') yield { attempt: event.attempt, line: event.line };
    }
    return;
  }
  const run = runIdOf(workflowId);
  if (attempt === 'build') {
    await describe(relaunch, workflowId);
    for await (const line of readLogs(relaunch.store, run, 'build')) yield { attempt, line };
    return;
  }
  const written = await attemptsOf(relaunch, run);
  if (written.length === 0) await describe(relaunch, workflowId);
  if (attempt !== undefined && !written.includes(attempt)) {
    const there = written.length === 0 ? 'none has begun yet' : `there are: ${written.join(', ')}`;
    throw new ClientError('bad-input', `run "${workflowId}" has no attempt ${String(attempt)}; ${there}.`);
  }
  for (const each of attempt === undefined ? written : [attempt]) {
    for await (const line of readLogs(relaunch.store, run, each)) yield { attempt: each, line };
  }
}

/** Numbers of the attempts the store knows of. */
async function attemptsOf({ store }: Relaunch, run: string): Promise<number[]> {
  const prefix = keyOf.attempts(run);
  const numbers = (await store.list(prefix)).map((key) => Number(/^\d+/.exec(key.slice(prefix.length))?.[0]));
  return [...new Set(numbers.filter((number) => number > 0))].sort((a, b) => a - b);
}
