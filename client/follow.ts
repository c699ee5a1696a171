import { setTimeout as sleep } from 'node:timers/promises';
import { runIdOf } from '../contracts/names.ts';
import type { AttemptReport } from '../contracts/run-result.ts';
import type { LogOf } from '../store/layout.ts';
import type { LogLine } from '../store/log-format.ts';
import { followLogs } from '../store/log-reader.ts';
import type { Relaunch } from './connect.ts';
import { merge } from './merge-events.ts';
import { result, type RunEnd } from './result.ts';
import type { ShownState } from './run-row.ts';
import { queueState } from './queue-state.ts';
import { describe, status } from './runs.ts';
import { whyQueueWaits } from './why-waits.ts';

export type RunEvent =
  /** The run, or its attempt, is in another state than before. `ended`: the attempt before, where it is a new one. */
  | {
      kind: 'state';
      state: ShownState;
      attempt: number;
      node: string | undefined;
      progress: string;
      ended: AttemptReport | undefined;
    }
  /** Why it does not go on, though nobody gave it up; once for each reason. */
  | { kind: 'held'; why: string }
  | { kind: 'log'; attempt: LogOf; line: LogLine }
  /** The last one. */
  | { kind: 'end'; end: RunEnd };

export interface FollowOptions {
  /** Lines of this attempt, or of the build, only, and no further than its end. */
  attempt?: LogOf | undefined;
  /** Ends the events without an error. The run goes on. */
  signal?: AbortSignal | undefined;
  /** How often the run is asked, in ms; default 500. */
  pollMs?: number;
}

/** How often a run that stands in its queue is asked why. */
const askQueueMs = 3_000;

/** How far a run is, as the follower of its logs needs it. */
interface Progress {
  /** The newest attempt. */
  attempt: number;
  /** The newest attempt that has ended. */
  ended: number;
  /** An image is being made, or was. */
  building: boolean;
  /** Its first attempt is there: what builds there are are over. */
  begun: boolean;
  closed: boolean;
}

/**
 * What happens to a run until it has ended: its changes of state and its lines, over all attempts.
 * @throws ClientError run-not-found; run-terminated
 */
export async function* follow(
  relaunch: Relaunch,
  workflowId: string,
  options: FollowOptions = {},
): AsyncGenerator<RunEvent, void> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const progress: Progress = { attempt: 0, ended: 0, building: false, begun: false, closed: false };
  const states = watchStates(relaunch, workflowId, progress, signal, options);
  const lines = watchLines(relaunch, runIdOf(workflowId), progress, signal, options.attempt);
  try {
    yield* merge<RunEvent>(states, lines);
    if (!signal.aborted && progress.closed) yield { kind: 'end', end: await result(relaunch, workflowId) };
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
  } finally {
    stop.abort();
  }
}

async function* watchStates(
  relaunch: Relaunch,
  workflowId: string,
  progress: Progress,
  signal: AbortSignal,
  { attempt: only, pollMs = 500 }: FollowOptions,
): AsyncGenerator<RunEvent, void> {
  let before = '';
  const reasons = new Set<string>();
  let askedAt = performance.now();
  while (!signal.aborted) {
    const { closed, begun, endedAttempt, held, queue, ...seen } = await look(relaunch, workflowId);
    const now = JSON.stringify([seen.state, seen.attempt, seen.node]);
    // The end itself comes with what is known of it, when the last lines are out.
    if (now !== before && !closed && !isFinal(seen.state)) yield { kind: 'state', ...seen };
    before = now;
    const isDue = seen.state === 'queued' && performance.now() - askedAt >= askQueueMs;
    if (isDue) askedAt = performance.now();
    for (const why of [...(held === undefined ? [] : [held]), ...(isDue ? await whyQueued(relaunch, queue) : [])]) {
      if (reasons.has(why)) continue;
      reasons.add(why);
      yield { kind: 'held', why };
    }
    Object.assign(progress, { attempt: seen.attempt, closed, ended: closed ? seen.attempt : endedAttempt });
    progress.building ||= seen.state === 'building';
    progress.begun = begun || closed;
    if (closed || (only === 'build' ? begun : only !== undefined && progress.ended >= only)) return;
    await pause(pollMs, signal);
  }
}

const whyQueued = async (relaunch: Relaunch, queue: string | undefined): Promise<string[]> =>
  queue === undefined ? [] : whyQueueWaits(await queueState(relaunch, queue));

const isFinal = (state: ShownState): boolean =>
  ['succeeded', 'failed', 'cancelled', 'timed-out', 'terminated'].includes(state);

async function look(relaunch: Relaunch, workflowId: string) {
  const row = await describe(relaunch, workflowId);
  const now = row.closedAt === undefined ? await status(relaunch, workflowId) : undefined;
  const attempts = now?.attempts ?? [];
  const attempt = attempts.at(-1)?.attempt ?? row.attempt ?? 1;
  const ended = attempts.filter(({ outcome }) => outcome !== undefined).at(-1);
  return {
    state: now?.state ?? row.state,
    attempt,
    queue: row.queue,
    node: attempts.at(-1)?.node,
    progress: now?.progress ?? `attempt ${String(attempt)}`,
    ended,
    endedAttempt: ended?.attempt ?? attempt - 1,
    begun: attempts.length > 0,
    held: row.troubles[0]?.message ?? attempts.find(({ outcome }) => outcome === undefined)?.why,
    closed: row.closedAt !== undefined,
  };
}

async function* watchLines(
  { store }: Relaunch,
  run: string,
  progress: Progress,
  signal: AbortSignal,
  only: LogOf | undefined,
): AsyncGenerator<RunEvent, void> {
  const stopped = (): boolean => signal.aborted;
  if (only === undefined || only === 'build') {
    while (!progress.building && !progress.begun && !stopped()) await pause(100, signal);
    if (progress.building || only === 'build') {
      const ended = (): Promise<boolean> => Promise.resolve(progress.begun);
      for await (const line of followLogs(store, run, 'build', { signal, ended }))
        yield { kind: 'log', attempt: 'build', line };
    }
    if (only === 'build') return;
  }
  for (let attempt = only ?? 1; !stopped(); attempt++) {
    while (progress.attempt < attempt && !progress.closed && !stopped()) await pause(100, signal);
    if (progress.attempt < attempt) return;
    // The end of an attempt is recorded after its last line is: what is not there by then will not come.
    const ended = (): Promise<boolean> => Promise.resolve(progress.ended >= attempt);
    for await (const line of followLogs(store, run, attempt, { signal, ended })) yield { kind: 'log', attempt, line };
    if (only !== undefined) return;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
