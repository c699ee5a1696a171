import { randomUUID } from 'node:crypto';
import { pause } from '../../backends/waiting.ts';
import type { EngineApi } from './engine-api.ts';

/** A build that was called off has so long to end; then its engine finds that we are gone. */
const patienceMs = 10_000;
/** An engine does not know a build whose request it has not read yet. */
const cancelEveryMs = 250;

/**
 * Calls a build off at its engine when the signal is aborted, so that its answer ends when the last of its processes has.
 * Just closing the connection ends a build, too, but does not tell when.
 */
export class Ending {
  readonly buildId = randomUUID();
  readonly #api: EngineApi;
  readonly #signal: AbortSignal;
  readonly #left = new AbortController();
  readonly #over = new AbortController();
  readonly #callOff = (): void => void this.#cancel();

  constructor(api: EngineApi, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    signal.addEventListener('abort', this.#callOff, { once: true });
  }

  /** Aborted when a build that was called off did not end in time. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** The build is over. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#callOff);
    this.#over.abort();
  }

  async #cancel(): Promise<void> {
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(patienceMs)]);
    const request = { method: 'POST', path: '/build/cancel', query: { id: this.buildId }, signal } as const;
    while (!signal.aborted) {
      await this.#api.send(request).catch(() => undefined);
      await pause(cancelEveryMs, signal).catch(() => undefined);
    }
    this.#left.abort();
  }
}
