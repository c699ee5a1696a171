import { setTimeout as delay } from 'node:timers/promises';
import { inOrder } from './in-order.ts';
import { keyOf, type LogOf } from './layout.ts';
import type { LogLine } from './log-format.ts';
import { readLines, readPoints, sequencesUnder } from './log-objects.ts';
import type { MetricPoint } from './metrics.ts';
import type { Store } from './store.ts';

interface FollowLogsOptions {
  /** Ends the lines, without an error. */
  signal: AbortSignal;
  /** How often the store is looked at, in ms; default 500. */
  pollMs?: number;
  /** Whether the attempt is known to have ended, for logs that lost their writer: what is stored by then is all. */
  ended?: () => Promise<boolean>;
}

/** All stored lines of an attempt, in order; from the objects behind number `after`, if given. @throws RelaunchError StoreUnavailable */
export async function* readLogs(
  store: Store,
  run: string,
  of: LogOf,
  { after = 0 }: { after?: number } = {},
): AsyncGenerator<LogLine, void> {
  const wanted = (await sequencesUnder(store, keyOf.logs(run, of))).filter((sequence) => sequence > after);
  for await (const lines of inOrder(wanted, (sequence) => readLines(store, keyOf.log(run, of, sequence)))) yield* lines;
}

/** The lines of an attempt as they are stored, until its log has ended and all of it was yielded. @throws RelaunchError StoreUnavailable */
export async function* followLogs(
  store: Store,
  run: string,
  of: LogOf,
  { signal, pollMs = 500, ended = () => Promise.resolve(false) }: FollowLogsOptions,
): AsyncGenerator<LogLine, void> {
  let seen = 0;
  const stopped = () => signal.aborted;
  while (!stopped()) {
    // Asked first, so that nothing can be stored between the last look and the end.
    const over = (await store.has(keyOf.logEnd(run, of))) || (await ended());
    const unseen = (await sequencesUnder(store, keyOf.logs(run, of))).filter((sequence) => sequence > seen);
    for await (const lines of inOrder(unseen, (sequence) => readLines(store, keyOf.log(run, of, sequence)))) {
      for (const line of lines) {
        if (stopped()) return;
        yield line;
      }
    }
    seen = unseen.at(-1) ?? seen;
    if (over) return;
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

/** All stored metrics of an attempt, in order. @throws RelaunchError StoreUnavailable */
export async function* readMetrics(store: Store, run: string, of: LogOf): AsyncGenerator<MetricPoint, void> {
  const sequences = await sequencesUnder(store, keyOf.metrics(run, of));
  for await (const points of inOrder(sequences, (each) => readPoints(store, keyOf.metric(run, of, each))))
    yield* points;
}
