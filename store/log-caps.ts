/** The longest text of a line, in bytes of UTF-8. */
const longestLineBytes = 64 * 1_024;

/** A text that is longer than 64 KiB, cut at a character, with its whole length behind; others as they are. */
export function cutLine(text: string): string {
  if (text.length <= longestLineBytes / 3) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= longestLineBytes) return text;
  let end = longestLineBytes;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)} … (cut, ${String(bytes.length)} bytes)`;
}

const windowSeconds = 2;

/** Says which lines keep within so many bytes a second, averaged over windows of two seconds (a token bucket). */
export class RateCap {
  readonly bytesPerSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** `now` is in ms. */
  constructor(bytesPerSecond: number, now: () => number) {
    this.bytesPerSecond = bytesPerSecond;
    this.#now = now;
    this.#tokens = bytesPerSecond * windowSeconds;
    this.#filledAt = now();
  }

  /** Whether there is room for so many bytes now; takes it. */
  takes(bytes: number): boolean {
    const now = this.#now();
    const filled = this.#tokens + (Math.max(0, now - this.#filledAt) / 1_000) * this.bytesPerSecond;
    this.#tokens = Math.min(this.bytesPerSecond * windowSeconds, filled);
    this.#filledAt = now;
    if (bytes > this.#tokens) return false;
    this.#tokens -= bytes;
    return true;
  }
}
