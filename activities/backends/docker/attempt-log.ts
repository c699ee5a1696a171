import type { JobLine, Sink } from '../backend.ts';
import { pause } from '../waiting.ts';
import type { Engine } from './engine.ts';
import { wordsOf } from './engine-error.ts';
import { FrameReader } from './frames.ts';
import { cursorOf, sinceOf, type LogCursor } from './log-cursor.ts';
import { LogLines } from './log-lines.ts';

/** The rest of a log is asked for so often. */
const mostTries = 5;
const backOffMs = 200;

/** What the sink throws is no trouble of the log's. */
class LineRefused extends Error {}

/** The output of one container on its way to a sink, each line once. */
export class AttemptLog {
  readonly #engine: Engine;
  readonly #path: string;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  #cursor: LogCursor;

  constructor(engine: Engine, id: string, sink: Sink, signal: AbortSignal) {
    this.#engine = engine;
    this.#path = `/containers/${id}/logs`;
    this.#sink = sink;
    this.#signal = signal;
    this.#cursor = cursorOf(sink.cursor);
  }

  /** Reads on as the job writes, until the container ends, or `cut` says so. Answers why it came to no good end. @throws what the sink throws, and the signal's reason */
  follow(cut: AbortSignal): Promise<string | undefined> {
    return this.#read(true, AbortSignal.any([this.#signal, cut]));
  }

  /** Reads all that an ended container has left, its unterminated last lines too; what cannot be had is said in the log. @throws as {@link follow} does */
  async finish(): Promise<void> {
    for (let i = 1; ; i++) {
      const trouble = await this.#read(false, this.#signal);
      if (trouble === undefined) return;
      if (i === mostTries) return this.say(`the rest of the log cannot be had: ${trouble}`);
      await pause(backOffMs * i, this.#signal);
    }
  }

  /** Adds a line of our own. */
  async say(words: string): Promise<void> {
    const line: JobLine = { t: new Date().toISOString(), s: 'stderr', m: `relaunch: ${words}` };
    await this.#sink.line(line, JSON.stringify(this.#cursor));
  }

  /** One request. Answers why it came to no good end. */
  async #read(follow: boolean, signal: AbortSignal): Promise<string | undefined> {
    const query = {
      stdout: '1',
      stderr: '1',
      timestamps: '1',
      follow: follow ? '1' : '0',
      since: sinceOf(this.#cursor),
    };
    const frames = new FrameReader();
    const lines = new LogLines(this.#cursor);
    try {
      const answer = await this.#engine.stream({ method: 'GET', path: this.#path, query, signal });
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        for (const frame of frames.read(chunk)) await this.#take(lines.take(frame), signal);
      }
      // While the container runs, the end of a line may still come.
      if (!follow) await this.#take(lines.rest(), signal);
      return undefined;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof LineRefused) throw error.cause;
      return wordsOf(error);
    }
  }

  async #take(lines: Iterable<{ line: JobLine; cursor: LogCursor }>, signal: AbortSignal): Promise<void> {
    for (const { line, cursor } of lines) {
      await this.#sink.line(line, JSON.stringify(cursor)).catch((cause: unknown) => {
        throw new LineRefused('', { cause });
      });
      this.#cursor = cursor;
      signal.throwIfAborted();
    }
  }
}
