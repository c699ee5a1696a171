import { skewMs, type LogPosition, type LogText } from './log-position.ts';

/**
 * Finds the place in a log that is read again. Its lines are not in the order of their times, but always in the same order: what was taken is
 * all up to the last line taken. Until that has come, lines are held back. If it does not come, the log was rotated away beneath it, and all
 * that is there is new.
 */
export class Resumption {
  readonly #position: LogPosition | undefined;
  readonly #lateMs: number;
  #held: LogText[] = [];
  #seen = 0;
  #found: boolean;

  constructor(position: LogPosition | undefined) {
    this.#position = position;
    this.#lateMs = position === undefined ? 0 : Date.parse(position.t) + skewMs;
    this.#found = position === undefined;
  }

  /** Whether lines are held back until the place is found. */
  get searching(): boolean {
    return !this.#found;
  }

  /** The next line as it is read; answers those that are new. */
  take(line: LogText): LogText[] {
    if (this.#found) return [line];
    this.#held.push(line);
    if (line.t === this.#position?.t && ++this.#seen === this.#position.n) this.#held = [];
    else if (Date.parse(line.t) <= this.#lateMs) return [];
    else return this.giveUp();
    this.#found = true;
    return [];
  }

  /** There is nothing more to read for now, and the place was not found: answers what was held back. */
  giveUp(): LogText[] {
    this.#found = true;
    const held = this.#held;
    this.#held = [];
    return held;
  }
}
