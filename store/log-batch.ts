import type { LogLine } from './log-format.ts';
import { formatPoint, type MetricPoint } from './metrics.ts';

/** Lines on their way into one log object, and the metrics among them. */
export class LogBatch {
  readonly points: MetricPoint[] = [];
  readonly #lines: string[] = [];
  #last: LogLine | undefined;
  /** Of the log object, about. */
  bytes = 0;

  add(line: LogLine, point: MetricPoint | undefined): void {
    this.#closeLast();
    this.#last = line;
    this.bytes += Buffer.byteLength(line.m) + 64;
    if (point !== undefined) this.points.push(point);
  }

  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** Behind the last line. */
  get cursor(): string | undefined {
    return this.#last?.cursor;
  }

  /** The bytes of the log object; only its last line carries a cursor. */
  log(): Uint8Array {
    return Buffer.from(`${[...this.#lines, JSON.stringify(this.#last)].join('\n')}\n`);
  }

  /** The bytes of the metrics object; undefined where there is none to be. */
  metrics(): Uint8Array | undefined {
    return this.points.length === 0 ? undefined : Buffer.from(this.points.map(formatPoint).join(''));
  }

  #closeLast(): void {
    if (this.#last !== undefined) this.#lines.push(JSON.stringify({ ...this.#last, cursor: undefined }));
  }
}
