import { skewMs, type LogPosition, type LogText } from './log-position.ts';

/** So many times of lines are remembered: those that come within the skew. */
const mostTimes = 20_000;

/**
 * Finds the place in a log that is read again. Its lines are not in the order of their times, but always in the same order: what was taken is
 * all up to the last line taken. Until that has come, lines are held back. If it does not come, the log was rotated away beneath it, and all
 * that is there is new.
 */
export class Resumption {
  readonly #position: LogPosition | undefined;
  readonly #lateMs: number;
  /** How many lines of each time there were, the known ones too. */
  readonly #counts = new Map<string, number>();
  #held: { line: LogText; position: LogPosition }[] = [];
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

  /** The next line as it is read; answers those that are new, each with the position behind it. */
  take(line: LogText): { line: LogText; position: LogPosition }[] {
    const position = { t: line.t, n: this.#count(line.t) };
    if (this.#found) return [{ line, position }];
    this.#held.push({ line, position });
    if (line.t === this.#position?.t && position.n === this.#position.n) {
      this.#found = true;
      this.#held = [];
      return [];
    }
    return Date.parse(line.t) <= this.#lateMs ? [] : this.giveUp();
  }

  /** The place will not be found any more: answers what was held back. */
  giveUp(): { line: LogText; position: LogPosition }[] {
    this.#found = true;
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #count(t: string): number {
    const n = (this.#counts.get(t) ?? 0) + 1;
    this.#counts.set(t, n);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > mostTimes && oldest !== undefined) this.#counts.delete(oldest);
    return n;
  }
}
