import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobLine, Sink } from '../backend.ts';
import { readContainerLog } from './container-log.ts';
import { positionsOf, splitLine, type LogPosition, type LogPositions } from './log-position.ts';
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
  #positions: LogPositions;
  readonly #reading = new Map<string, Promise<void>>();
  /** Of those that have ended, when; NaN where nobody knows. */
  readonly #ended = new Map<string, number>();
  readonly #ends = new Map<string, PromiseWithResolvers<undefined>>();
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
        if (terminated !== undefined) {
          this.#ended.set(key, Date.parse(terminated.finishedAt ?? ''));
          this.#endOf(key).resolve(undefined);
        }
        if (startOf(status) === undefined || this.#reading.has(key)) continue;
        this.#reading.set(
          key,
          this.#read(pod, status.name, key, labelOf(pod, status.name, several), status.name === main),
        );
      }
    }
  }

  /** Adds a line of our own. @throws what the sink throws */
  say(words: string): Promise<void> {
    return this.#inTurn({ t: new Date().toISOString(), s: 'stderr', m: `relaunch: ${words}` }, '', undefined);
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

  /** What the main container said last: also where another follower has read it. Empty where that cannot be had. */
  async lastWords(pods: readonly Pod[], main: string | undefined): Promise<string> {
    if (this.#lastWords.length === 0) await this.#readLastWords(pods, main);
    return this.#lastWords.join('\n').slice(-mostLastCharacters);
  }

  async #readLastWords(pods: readonly Pod[], main: string | undefined): Promise<void> {
    const [pod, ...others] = pods;
    if (pod === undefined || others.length > 0 || main === undefined) return;
    try {
      const path = `${this.#place.path('pods', pod.metadata.name)}/log`;
      const query = { container: main, timestamps: 'true', tailLines: String(mostLastWords) };
      const answer = await this.#place.api.stream(path, query, this.#signal);
      for (const text of (await textOf(answer)).split('\n')) this.#say(splitLine(text)?.m ?? '');
    } catch {
      this.#signal.throwIfAborted();
    }
  }

  /** Resolves when no other line comes. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cut.abort(new Error('the follower stopped'));
    await Promise.allSettled(this.#reading.values());
  }

  async #read(pod: Pod, container: string, key: string, c: string | undefined, isMain: boolean): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#cut.signal]);
    const write = (line: Omit<JobLine, 'c'>, position: LogPosition | undefined): Promise<void> =>
      this.#inTurn({ ...line, ...(c === undefined ? {} : { c }) }, key, position);
    try {
      const missing = await readContainerLog({
        api: this.#place.api,
        path: `${this.#place.path('pods', pod.metadata.name)}/log`,
        container,
        position: this.#positions[key],
        hasEnded: () => this.#ended.has(key),
        whenEnded: this.#endOf(key).promise,
        endedAtMs: () => this.#ended.get(key),
        line: ({ t, m }, position) => {
          if (isMain) this.#say(m);
          return write({ t, s: 'stdout', m }, position);
        },
        signal,
      }).catch((error: unknown) => {
        if (!this.#cut.signal.aborted || this.#signal.aborted) throw error;
        return (this.#cut.signal.reason as Error).message;
      });
      if (missing === undefined || this.#closed) return;
      const words = `relaunch: the rest of the log of container ${container} of ${pod.metadata.name} cannot be had: ${missing}`;
      await write({ t: new Date().toISOString(), s: 'stderr', m: words }, this.#positions[key]);
    } catch (error) {
      if (!this.#signal.aborted) this.#failure ??= { error };
    }
  }

  /** A line counts as taken when the sink has it: one that it refused is in nobody's cursor. */
  #inTurn(line: JobLine, key: string, position: LogPosition | undefined): Promise<void> {
    const mine = this.#turn.then(async () => {
      this.#signal.throwIfAborted();
      const behind = position === undefined ? this.#positions : { ...this.#positions, [key]: position };
      await this.#sink.line(line, JSON.stringify(behind));
      this.#positions = behind;
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #endOf(key: string): PromiseWithResolvers<undefined> {
    const known = this.#ends.get(key) ?? Promise.withResolvers<undefined>();
    this.#ends.set(key, known);
    return known;
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
