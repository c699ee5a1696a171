import type { AttemptRef } from './backends/backend.ts';

/** The attempts that this process is working on just now: its janitor leaves them alone. */
export class Attended {
  readonly #counts = new Map<string, number>();

  has({ uid }: AttemptRef): boolean {
    return this.#counts.has(uid);
  }

  async during<T>({ uid }: AttemptRef, work: () => Promise<T>): Promise<T> {
    this.#counts.set(uid, (this.#counts.get(uid) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#counts.get(uid) ?? 1) - 1;
      if (left === 0) this.#counts.delete(uid);
      else this.#counts.set(uid, left);
    }
  }
}
