import type { AttemptRef } from '../backend.ts';
import type { Place } from './place.ts';

/** Waits for changes of one attempt. What changes between two waits is not missed. */
export class Changes {
  readonly #callOff: () => void;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(place: Place, ref: AttemptRef) {
    this.#callOff = place.listen(ref, () => {
      this.#changed = true;
      this.#wake?.();
    });
  }

  /** Resolves at a change since the last call, or after `ms`. @throws the signal's reason */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#changed) await this.#wait(ms, signal);
    this.#changed = false;
    signal.throwIfAborted();
  }

  close(): void {
    this.#callOff();
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#wake = done;
    });
  }
}
