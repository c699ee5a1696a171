import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink } from '../backend.ts';
import { readContainerLog } from './container-log.ts';
import { positionsOf, type LogPosition, type LogPositions } from './log-position.ts';
import { startOf, statusesOf, type Pod } from './objects.ts';
import type { Place } from './place.ts';

/** How much of the main container's output an outcome's message repeats. */
const mostLastWords = 10;
const mostLastCharacters = 2_000;

/** The logs of all containers of an attempt, each from its start to its end. */
export class AttemptLogs {
  readonly #place: Place;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  readonly #cut = new AbortController();
  readonly #positions: LogPositions;
  readonly #reading = new Map<string, Promise<void>>();
  /** Of those that have ended, when; NaN where nobody knows. */
  readonly #ended = new Map<string, number>();
  /** One line at a time: a line's cursor says that all before it were taken. */
  #turn: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #lastWords: string[] = [];
  #closed = false;

  constructor(place: Place, sink: Sink, signal: AbortSignal) {
    this.#place = place;
    this.#sink = sink;
    this.#signal = signal;
    this.#positions = positionsOf(sink.cursor);
  }

  /** Begins with the containers that have started since the last call. @throws what the sink threw at a line */
  follow(pods: readonly Pod[], main: string | undefined): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const pod of pods) {
      const several = pods.length > 1 || isIndexed(pod);
      for (const status of statusesOf(pod)) {
        const key = `${pod.metadata.name}/${status.name}`;
        const { terminated } = status.state ?? {};
        if (terminated !== undefined) this.#ended.set(key, Date.parse(terminated.finishedAt ?? ''));
        if (startOf(status) === undefined || this.#reading.has(key)) continue;
        this.#reading.set(
          key,
          this.#read(pod, status.name, key, labelOf(pod, status.name, several), status.name === main),
        );
      }
    }
  }

  /** Resolves when all that there is has been read, or after `patienceMs`; what is missing then is said in the log. */
  async drained(patienceMs: number): Promise<void> {
    const patience = new AbortController();
    const all = Promise.allSettled(this.#reading.values());
    await Promise.race([all, sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    this.#cut.abort(new Error(`it did not come to its end within ${String(patienceMs / 1_000)} s`));
    await all;
    // Called off on the way, it has not read all: whoever comes next goes on.
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** What the main container said last. */
  lastWords(): string {
    return this.#lastWords.join('\n').slice(-mostLastCharacters);
  }

  /** Resolves when no other line comes. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cut.abort(new Error('the follower stopped'));
    await Promise.allSettled(this.#reading.values());
  }

  async #read(pod: Pod, container: string, key: string, c: string | undefined, isMain: boolean): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#cut.signal]);
    const write = (t: string, s: 'stdout' | 'stderr', m: string): Promise<void> =>
      this.#sink.line({ t, s, ...(c === undefined ? {} : { c }), m }, JSON.stringify(this.#positions));
    try {
      const missing = await readContainerLog({
        api: this.#place.api,
        path: `${this.#place.path('pods', pod.metadata.name)}/log`,
        container,
        position: this.#positions[key],
        hasEnded: () => this.#ended.has(key),
        endedAtMs: () => this.#ended.get(key),
        line: ({ t, m }, position) => {
          if (isMain) this.#say(m);
          return this.#inTurn(key, position, () => write(t, 'stdout', m));
        },
        signal,
      }).catch((error: unknown) => {
        if (!this.#cut.signal.aborted || this.#signal.aborted) throw error;
        return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      });
      if (missing === undefined || this.#closed) return;
      const words = `relaunch: the rest of the log of container ${container} of ${pod.metadata.name} cannot be had: ${missing}`;
      await this.#inTurn(key, this.#positions[key], () => write(new Date().toISOString(), 'stderr', words));
    } catch (error) {
      if (!this.#signal.aborted) this.#failure ??= { error };
    }
  }

  #inTurn(key: string, position: LogPosition | undefined, write: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(() => {
      this.#signal.throwIfAborted();
      if (position !== undefined) this.#positions[key] = position;
      return write();
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #say(text: string): void {
    if (text.trim() === '') return;
    this.#lastWords.push(text);
    if (this.#lastWords.length > mostLastWords) this.#lastWords.shift();
  }
}

const completionIndex = 'batch.kubernetes.io/job-completion-index';

const isIndexed = ({ metadata }: Pod): boolean => metadata.annotations?.[completionIndex] !== undefined;

/** Which container a line is from, where there are several. */
function labelOf({ metadata, spec }: Pod, container: string, severalPods: boolean): string | undefined {
  const several = (spec?.containers?.length ?? 1) + (spec?.initContainers?.length ?? 0) > 1;
  if (!severalPods) return several ? container : undefined;
  const pod = metadata.annotations?.[completionIndex] ?? metadata.name.split('-').at(-1) ?? metadata.name;
  return several ? `${pod}/${container}` : pod;
}
