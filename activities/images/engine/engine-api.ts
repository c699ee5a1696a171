import { addAbortSignal, type Duplex, type Readable } from 'node:stream';
import { RelaunchError } from '../../../contracts/failures.ts';
import { Engine, type EngineRequest } from '../../backends/docker/engine.ts';
import { EngineError, isAway, wordsOf } from '../../backends/docker/engine-error.ts';
import { quoted } from '../registry/failures.ts';

/**
 * A Docker Engine, as builder: what it refuses is for the caller to understand. Asks once: a build is tried again as a whole.
 * All of it throws EngineError, the signal's reason, or RelaunchError BuilderUnavailable where there is no answer.
 */
export class EngineApi {
  readonly #engine: Engine;

  /** @param address As DOCKER_HOST has it. */
  constructor(address: string) {
    this.#engine = new Engine(address);
  }

  /** The answer's JSON. */
  send<T>(request: EngineRequest): Promise<T> {
    return this.#asked(request, () => this.#engine.send<T>({ ...request, patienceMs: 0 }));
  }

  /** An answer that goes on and on; it is destroyed when the signal is aborted. */
  stream(request: EngineRequest): Promise<Readable> {
    return this.#asked(request, async () => addAbortSignal(request.signal, await this.#engine.stream(request)));
  }

  /** A connection on which another protocol is spoken. */
  upgrade(request: EngineRequest, protocol: string): Promise<Duplex> {
    return this.#asked(request, () => this.#engine.upgrade(request, protocol));
  }

  /** For people. */
  async name(signal: AbortSignal): Promise<string> {
    const { Version } = await this.send<{ Version: string }>({ method: 'GET', path: '/version', signal });
    return `Docker Engine ${quoted(Version)}`;
  }

  /** Something about this engine that may pass. */
  unavailable(trouble: string, cause?: unknown): RelaunchError {
    return new RelaunchError('BuilderUnavailable', `Docker Engine at ${this.#engine.host} ${trouble}`, { cause });
  }

  async #asked<T>({ signal }: EngineRequest, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EngineError) throw error;
      if (error instanceof RelaunchError)
        throw new RelaunchError('BuilderUnavailable', error.message, { cause: error });
      throw isAway(error) ? this.unavailable(`does not answer: ${quoted(wordsOf(error))}`, error) : error;
    }
  }
}
