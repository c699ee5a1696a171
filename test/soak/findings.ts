/** What a scenario has seen: how much of everything, and the rules that were broken. */
export class Findings {
  readonly counts = new Map<string, string | number>();
  readonly broken: string[] = [];
  #closed = false;

  /** For the report; the last value of a name holds. */
  count(name: string, value: string | number): void {
    this.counts.set(name, value);
  }

  add(name: string, more: number): void {
    this.counts.set(name, Number(this.counts.get(name) ?? 0) + more);
  }

  /** Keeps the largest, in whole numbers. */
  most(name: string, value: number): void {
    this.counts.set(name, Math.max(Number(this.counts.get(name) ?? 0), Math.round(value)));
  }

  /** `sentence`: what was found where the rule does not hold. */
  rule(holds: boolean, sentence: string): void {
    if (!holds && !this.#closed) this.broken.push(sentence);
  }

  /** From now on all that is still going on is taken down: nothing is found in that. */
  close(): void {
    this.#closed = true;
  }
}
