import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesApi } from './api.ts';
import { linesOf } from './lines-of.ts';
import { positionAfter, sinceTime, splitLine, type LogPosition, type LogText } from './log-position.ts';
import { Resumption } from './resumption.ts';
import { isStatus } from './status-error.ts';

/** A log that says nothing for this long is asked for anew: its connection may be dead without a word. */
const silenceMs = 300_000;
/** A log that is read again has told all that it has when it is quiet for this long. */
const quietMs = 1_000;
const firstBackOffMs = 500;
const mostBackOffMs = 60_000;

export interface ContainerLogOptions {
  api: KubernetesApi;
  /** Of the pod, with `/log`. */
  path: string;
  container: string;
  /** Where to go on. */
  position: LogPosition | undefined;
  /** Whether the container has ended, as far as is known. */
  hasEnded: () => boolean;
  /** When it did, in ms since 1970, by its node's clock. */
  endedAtMs?: () => number | undefined;
  /** Takes each line once, in order, with the position behind it. */
  line: (line: LogText, position: LogPosition) => Promise<void>;
  signal: AbortSignal;
  /** Default 5 min. */
  silenceMs?: number;
  /** Default 1 s. */
  quietMs?: number;
  /** Between the first two requests; default 0.5 s. */
  backOffMs?: number;
}

/**
 * Reads the log of one container to its end, through lost connections, each line once. Answers why a part of it is missing; undefined: none is.
 * The kubelet removes the log of a pod that was deleted as soon as that has ended, and then answers 200 with a sentence instead.
 */
export async function readContainerLog(options: ContainerLogOptions): Promise<string | undefined> {
  let { position } = options;
  /** Up to when it was read without a gap; 0: there may be one. */
  let readUntilMs = 0;
  const firstMs = options.backOffMs ?? firstBackOffMs;
  for (let backOffMs = firstMs; ; backOffMs = Math.min(backOffMs * 2, mostBackOffMs)) {
    const endedBefore = options.hasEnded();
    const reading = new Reading(options, position);
    const trouble = await reading.run();
    const isOver = endedBefore && !(reading.wasCut && reading.position !== position);
    // A stream that was there until the container had ended has told all: that its log is gone by now is no loss.
    if (isOver || reading.isGone) return readUntilMs >= (options.endedAtMs?.() ?? Infinity) ? undefined : trouble;
    readUntilMs = reading.wasCut || trouble !== undefined ? 0 : Date.now();
    if (reading.position !== position) backOffMs = firstMs;
    position = reading.position;
    // An end of the stream comes a moment before the news that the container has ended.
    await sleep(trouble === undefined ? firstMs : backOffMs, undefined, { signal: options.signal });
  }
}

/** One request for a log, and what came of it. */
class Reading {
  readonly #options: ContainerLogOptions;
  readonly #from: LogPosition | undefined;
  position: LogPosition | undefined;
  /** The connection was lost, rather than ended. */
  wasCut = false;
  /** There is no such pod any more. */
  isGone = false;

  constructor(options: ContainerLogOptions, from: LogPosition | undefined) {
    this.#options = options;
    this.#from = from;
    this.position = from;
  }

  /** Answers what went wrong, in words. @throws what `line` throws, and the signal's reason */
  async run(): Promise<string | undefined> {
    const { api, path, container, signal } = this.#options;
    const cut = new AbortController();
    const silence = setTimeout(() => {
      cut.abort();
    }, this.#options.silenceMs ?? silenceMs);
    const query = {
      ...{ container, follow: 'true', timestamps: 'true' },
      sinceTime: this.#from === undefined ? undefined : sinceTime(this.#from),
    };
    try {
      const answer = await api.stream(path, query, AbortSignal.any([signal, cut.signal]));
      return await this.#read(linesOf(answer), () => silence.refresh());
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LineRefused) throw error.cause;
      this.wasCut = true;
      this.isGone = isStatus(error, 404);
      return cut.signal.aborted ? undefined : String(error instanceof Error ? error.message : error);
    } finally {
      clearTimeout(silence);
      cut.abort();
    }
  }

  async #read(lines: AsyncGenerator<string, string>, heard: () => void): Promise<string | undefined> {
    const resumption = new Resumption(this.#from);
    let trouble: string | undefined;
    for (let next = lines.next(); ;) {
      const read = resumption.searching
        ? await Promise.race([next, quiet(this.#options.quietMs ?? quietMs)])
        : await next;
      if (read === 'quiet') {
        await this.#take(resumption.giveUp());
        continue;
      }
      heard();
      // In the middle of a line only a log that is over ends.
      const text = read.done === true && !this.#options.hasEnded() ? '' : read.value;
      const line = splitLine(text);
      if (line !== undefined) await this.#take(resumption.take(line));
      if (text !== '') trouble = line === undefined ? text.trim().slice(0, 500) : undefined;
      if (read.done === true) break;
      next = lines.next();
    }
    await this.#take(resumption.giveUp());
    return trouble;
  }

  async #take(lines: readonly LogText[]): Promise<void> {
    for (const line of lines) {
      const position = positionAfter(line, this.position);
      await this.#options.line(line, position).catch((cause: unknown) => {
        throw new LineRefused('', { cause });
      });
      this.position = position;
    }
  }
}

/** What the sink throws is no trouble of the log's. */
class LineRefused extends Error {}

const quiet = (ms: number): Promise<'quiet'> => sleep(ms, 'quiet' as const, { ref: false });
