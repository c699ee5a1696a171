/**
 * When the node of a log was last away, in ms since 1970: its kubelet did not answer, or had no runtime. A container that ends before its
 * runtime is back takes with it what nobody had read of its output, and its log looks whole.
 */
export class NodeAbsence {
  #readUntilMs = 0;
  #fromMs = Infinity;
  #untilMs = 0;

  /** @param readUntilMs up to when its log had been read without a gap; 0: nobody knows */
  away(nowMs: number, readUntilMs: number): void {
    if (this.#untilMs !== Infinity) [this.#fromMs, this.#readUntilMs] = [nowMs, readUntilMs];
    this.#untilMs = Infinity;
  }

  back(nowMs: number): void {
    this.#untilMs = Math.min(this.#untilMs, nowMs);
  }

  /** Why there may have been more than its log tells; undefined: it ended while its node was there. NaN: nobody knows when it ended. */
  doubt(endedAtMs: number): string | undefined {
    if (this.#fromMs === Infinity || endedAtMs <= this.#readUntilMs || endedAtMs > this.#untilMs) return undefined;
    const [from, until] = [this.#fromMs, Math.min(this.#untilMs, Date.now())].map((ms) => new Date(ms).toISOString());
    return `its node was away from ${String(from)} to ${String(until)}, and it ended then: if it had written more, that is lost`;
  }
}
