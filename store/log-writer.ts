import type { MetricsSummary } from '../contracts/run-result.ts';
import { keyOf, type LogOf } from './layout.ts';
import { LogBatch } from './log-batch.ts';
import { cutLine, RateCap } from './log-caps.ts';
import type { LogLine } from './log-format.ts';
import { findPosition } from './log-objects.ts';
import { LogQueue } from './log-queue.ts';
import { metricsIn } from './metrics.ts';
import { writeRecord } from './records.ts';
import type { Store } from './store.ts';

const mebibyte = 1_024 * 1_024;

interface LogWriterOptions {
  /** Lines above are dropped, with a line that says how many; averaged over 2 s; default 5 MiB. */
  maxBytesPerSecond?: number;
  /** How long a line may wait for others before it is stored, in ms; default 2000. */
  maxWaitMs?: number;
  /** In ms, for the rate and the end's date; default Date.now. */
  now?: () => number;
}

/** Puts the lines and metrics of one attempt into the store: what a Sink needs. One at a time for an attempt. */
export interface LogWriter {
  /** That came with the last line that is stored. Undefined: none is. */
  readonly cursor: string | undefined;
  /**
   * Takes a line; `cursor` marks the place behind it. Waits while more than 4 MiB are on their way to the store.
   * @throws RelaunchError StoreUnavailable; the line was not taken. Lines before it are kept and tried again; whoever gives up instead
   * goes on from `cursor` with a new writer: nothing is lost, nothing doubled.
   */
  line(line: Omit<LogLine, 'cursor'>, cursor: string): Promise<void>;
  /** Stores all that was taken. @throws RelaunchError StoreUnavailable */
  flush(): Promise<void>;
  /** Stores all and marks the log as ended. @throws RelaunchError StoreUnavailable */
  end(): Promise<MetricsSummary>;
  /** Of what was stored. */
  summary(): MetricsSummary;
  /** Stores what it can and lets go, without an end: another writer may go on. Never fails; takes no more lines. */
  close(): Promise<void>;
}

/** Opens the log of an attempt where its last writer got to. @throws RelaunchError StoreUnavailable */
export async function openLogWriter(
  store: Store,
  run: string,
  of: LogOf,
  options: LogWriterOptions = {},
): Promise<LogWriter> {
  const { maxBytesPerSecond = 5 * mebibyte, maxWaitMs = 2_000, now = Date.now } = options;
  const queue = new LogQueue(store, run, of, await findPosition(store, run, of));
  const markEnd = () => writeRecord(store, keyOf.logEnd(run, of), { at: new Date(now()).toISOString() });
  return new StoreLogWriter(queue, new RateCap(maxBytesPerSecond, now), maxWaitMs, markEnd);
}

class StoreLogWriter implements LogWriter {
  readonly #queue: LogQueue;
  readonly #cap: RateCap;
  readonly #maxWaitMs: number;
  readonly #markEnd: () => Promise<void>;
  #batch = new LogBatch();
  #dropped: { lines: number; t: string; cursor: string } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(queue: LogQueue, cap: RateCap, maxWaitMs: number, markEnd: () => Promise<void>) {
    this.#queue = queue;
    this.#cap = cap;
    this.#maxWaitMs = maxWaitMs;
    this.#markEnd = markEnd;
  }

  get cursor(): string | undefined {
    return this.#queue.cursor;
  }

  async line({ t, s, c, m }: Omit<LogLine, 'cursor'>, cursor: string): Promise<void> {
    if (this.#over) throw new Error('a line came after the end of the log');
    if (this.#queue.failing || this.#queue.bytes > 4 * mebibyte) await this.#write();
    const text = cutLine(m);
    if (this.#cap.takes(Buffer.byteLength(text))) {
      this.#tellDropped();
      const values = s === 'stdout' ? metricsIn(text) : undefined;
      this.#batch.add({ t, s, ...(c === undefined ? {} : { c }), m: text, cursor }, values && { t, values });
    } else {
      this.#dropped = { lines: (this.#dropped?.lines ?? 0) + 1, t, cursor };
    }
    if (this.#batch.bytes >= mebibyte) this.#writeInBackground();
    else this.#writeLater();
  }

  async flush(): Promise<void> {
    this.#closeBatch();
    await this.#write();
  }

  async end(): Promise<MetricsSummary> {
    await this.flush();
    this.#over = true;
    await this.#markEnd();
    return this.summary();
  }

  summary(): MetricsSummary {
    return this.#queue.summary();
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.flush().catch(() => undefined);
    clearTimeout(this.#timer);
  }

  #tellDropped(): void {
    if (this.#dropped === undefined) return;
    const { lines, t, cursor } = this.#dropped;
    const m = `relaunch: ${String(lines)} lines dropped: more than ${String(this.#cap.bytesPerSecond)} bytes/s`;
    this.#batch.add({ t, s: 'stderr', m, cursor }, undefined);
    this.#dropped = undefined;
  }

  #closeBatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tellDropped();
    if (this.#batch.isEmpty) return;
    this.#queue.add(this.#batch);
    this.#batch = new LogBatch();
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#writeInBackground();
    }, this.#maxWaitMs);
  }

  #writeInBackground(): void {
    this.#closeBatch();
    this.#write().catch(() => undefined);
  }

  async #write(): Promise<void> {
    try {
      await this.#queue.write();
    } catch (error) {
      if (!this.#over) this.#writeLater();
      throw error;
    }
  }
}
