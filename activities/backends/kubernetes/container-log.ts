import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesApi } from './api.ts';
import { linesOf } from './lines-of.ts';
import { sinceTime, splitLine, type LogPosition, type LogText } from './log-position.ts';
import { NodeAbsence } from './node-absence.ts';
import { Resumption } from './resumption.ts';
import { StatusError } from './status-error.ts';
import { pause } from '../waiting.ts';

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
  /** Resolves when it has. */
  whenEnded?: Promise<unknown>;
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

/** A log of a container that has ended is asked for so often, when its connection is lost without a line, or its node is away. */
const mostCuts = 3;

/**
 * Reads the log of one container to its end, through lost connections, each line once. Answers why a part of it is missing; undefined: none is.
 * The kubelet removes the log of a pod that was deleted as soon as that has ended, and then answers 200 with a sentence instead.
 */
export async function readContainerLog(options: ContainerLogOptions): Promise<string | undefined> {
  const firstMs = options.backOffMs ?? firstBackOffMs;
  let { position } = options;
  /** Up to when it was read without a gap; 0: there may be one. */
  let readUntilMs = 0;
  /** Readings in a row that came no further: cut, or ended before the place where the last one got to. */
  let inVain = 0;
  const absence = new NodeAbsence();
  for (let backOffMs = firstMs; ; backOffMs = Math.min(backOffMs * 2, mostBackOffMs)) {
    const isLast = options.hasEnded();
    const reading = new Reading(options, { from: position, isLast, mayBeRotated: inVain > 0 });
    const askedAtMs = Date.now();
    const how = await reading.run();
    // A node that told of the end was there then.
    if (how.end === 'away' && !isLast) absence.away(askedAtMs, readUntilMs);
    else if (how.end === 'whole') absence.back(askedAtMs);
    const progressed = reading.position !== position;
    position = reading.position;
    inVain = progressed || how.end === 'whole' ? 0 : inVain + 1;
    const endedAtMs = options.endedAtMs?.() ?? Number.NaN;
    // A stream that was there until the container had ended has told all: that its log is gone by now is no loss.
    const hasAll = readUntilMs > 0 && readUntilMs >= endedAtMs;
    const mayHaveMore =
      (how.end === 'cut' && (progressed || inVain < mostCuts)) ||
      (how.end === 'lost' && inVain < mostCuts) ||
      (how.end === 'away' && inVain < mostCuts && !hasAll);
    if (how.end === 'gone' || (isLast && !mayHaveMore)) {
      return (hasAll ? undefined : how.trouble) ?? absence.doubt(endedAtMs);
    }
    if (how.end !== 'away') readUntilMs = how.end === 'whole' ? Date.now() : 0;
    if (progressed) backOffMs = firstMs;
    // An end of the stream comes a moment before the news that the container has ended; then nothing is waited for any more.
    const waiting = new AbortController();
    const waited = pause(how.end === 'whole' ? firstMs : backOffMs, AbortSignal.any([options.signal, waiting.signal]));
    await Promise.race([waited, isLast ? waited : (options.whenEnded ?? waited)]);
    waited.catch(() => undefined);
    waiting.abort();
    options.signal.throwIfAborted();
    // Now it is worth while to ask often.
    if (!isLast && options.hasEnded()) [backOffMs, inVain] = [firstMs, 0];
  }
}

/**
 * How an answer ended. `whole`: as it should. `lost`: before the place where the last one got to. `cut`: the network's fault.
 * `away`: the kubelet does not answer, does not know its pods yet, or has no runtime. `refused`: in its words, or the API server's.
 * `gone`: there is no such pod any more.
 */
interface AnswerEnd {
  end: 'whole' | 'lost' | 'cut' | 'away' | 'refused' | 'gone';
  trouble?: string | undefined;
}

interface ReadingOptions {
  from: LogPosition | undefined;
  /** The container had ended before: what is read now is all. */
  isLast: boolean;
  /** The place where the last one got to may not be there any more. */
  mayBeRotated: boolean;
}

/** One request for a log, and what came of it. */
class Reading {
  readonly #options: ContainerLogOptions;
  readonly #how: ReadingOptions;
  position: LogPosition | undefined;

  constructor(options: ContainerLogOptions, how: ReadingOptions) {
    this.#options = options;
    this.#how = how;
    this.position = how.from;
  }

  /** @throws what `line` throws, and the signal's reason */
  async run(): Promise<AnswerEnd> {
    const { api, path, container, signal } = this.#options;
    const { from } = this.#how;
    const query = {
      ...{ container, follow: 'true', timestamps: 'true' },
      sinceTime: from === undefined ? undefined : sinceTime(from),
    };
    const cut = new AbortController();
    const silence = setTimeout(() => {
      cut.abort();
    }, this.#options.silenceMs ?? silenceMs);
    try {
      const answer = await api.stream(path, query, AbortSignal.any([signal, cut.signal]));
      answer.on('error', () => undefined);
      return await this.#read(linesOf(answer), () => silence.refresh());
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LineRefused) throw error.cause;
      if (cut.signal.aborted) return { end: 'whole' };
      const trouble = error instanceof Error ? error.message : String(error);
      if (!(error instanceof StatusError)) return { end: 'cut', trouble };
      if (isOfKubelet(error)) return { end: 'away', trouble };
      return { end: error.code === 404 ? 'gone' : 'refused', trouble };
    } finally {
      clearTimeout(silence);
      cut.abort();
    }
  }

  async #read(lines: AsyncGenerator<string, string>, heard: () => void): Promise<AnswerEnd> {
    const { from, isLast, mayBeRotated } = this.#how;
    const resumption = new Resumption(from);
    let trouble: string | undefined;
    for (let next = nextOf(lines); ;) {
      const read = resumption.searching ? await this.#unlessQuiet(next) : await next;
      if (read === 'quiet') {
        await this.#take(resumption.giveUp());
        continue;
      }
      heard();
      // In the middle of a line, which begins with its time, only a log that is over ends.
      const text = read.done === true && !isLast && /^\d/.test(read.value) ? '' : read.value;
      const line = splitLine(text);
      if (line !== undefined) await this.#take(resumption.take(line));
      if (text !== '') trouble = line === undefined ? text.trim().slice(0, 500) : undefined;
      if (read.done === true) break;
      next = nextOf(lines);
    }
    // Of a container that runs it speaks when it has no runtime.
    if (trouble !== undefined) return { end: isLast ? 'refused' : 'away', trouble };
    if (resumption.searching && !mayBeRotated) return { end: 'lost' };
    await this.#take(resumption.giveUp());
    return { end: 'whole' };
  }

  /** Quiet is what is so twice in a row: what came while this process stood still is heard between. */
  async #unlessQuiet(next: Promise<IteratorResult<string, string>>): Promise<IteratorResult<string, string> | 'quiet'> {
    const ms = (this.#options.quietMs ?? quietMs) / 2;
    const first = await Promise.race([next, sleep(ms, 'quiet' as const, { ref: false })]);
    return first === 'quiet' ? Promise.race([next, sleep(ms, 'quiet' as const, { ref: false })]) : first;
  }

  async #take(lines: readonly { line: LogText; position: LogPosition }[]): Promise<void> {
    for (const { line, position } of lines) {
      await this.#options.line(line, position).catch((cause: unknown) => {
        throw new LineRefused('', { cause });
      });
      this.position = position;
    }
  }
}

/** The API server could not reach it, or it has just come back and knows no pod yet: then `pods/log` is not there, not the pod. */
const isOfKubelet = ({ code, kind, message }: StatusError): boolean =>
  code >= 500 ? message.includes('/containerLogs/') : code === 404 && kind === 'pods/log';

/** What the sink throws is no trouble of the log's. */
class LineRefused extends Error {}

/** Nobody may be there any more to hear that it failed. */
function nextOf(lines: AsyncGenerator<string, string>): Promise<IteratorResult<string, string>> {
  const next = lines.next();
  next.catch(() => undefined);
  return next;
}
