import type { LogOf } from './layout.ts';
import type { MetricsSummary } from '../contracts/run-result.ts';
import type { LogBatch } from './log-batch.ts';
import { writeBatch, type LogPosition } from './log-objects.ts';
import type { Store } from './store.ts';

/** Batches on their way to the store, one object after the other. What could not be written stays, and is tried again by the next write. */
export class LogQueue {
  readonly #store: Store;
  readonly #run: string;
  readonly #of: LogOf;
  readonly #position: LogPosition;
  readonly #batches: LogBatch[] = [];
  #writing: Promise<void> | undefined;
  #failing = false;

  constructor(store: Store, run: string, of: LogOf, position: LogPosition) {
    this.#store = store;
    this.#run = run;
    this.#of = of;
    this.#position = position;
  }

  /** Behind the last line that is stored. */
  get cursor(): string | undefined {
    return this.#position.cursor;
  }

  /** Whether the last write failed. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Not yet stored. */
  get bytes(): number {
    return this.#batches.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  add(batch: LogBatch): void {
    this.#batches.push(batch);
  }

  /** Of what is stored. */
  summary(): MetricsSummary {
    return this.#position.tally.summary();
  }

  /** Resolves when all batches are stored, also those that are added meanwhile. @throws RelaunchError StoreUnavailable */
  write(): Promise<void> {
    if (this.#batches.length === 0) return Promise.resolve();
    return (this.#writing ??= this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    try {
      for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
        await writeBatch(this.#store, this.#run, this.#of, this.#position.sequence + 1, batch);
        this.#batches.shift();
        this.#position.sequence++;
        this.#position.cursor = batch.cursor;
        for (const point of batch.points) this.#position.tally.add(point);
      }
      this.#failing = false;
    } catch (error) {
      this.#failing = true;
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }
}
