import type { EngineRequest } from '../../backends/docker/engine.ts';
import { EngineError } from '../../backends/docker/engine-error.ts';
import { quoted } from '../registry/failures.ts';
import { buildImage } from './build.ts';
import type { CredentialsFor } from './build-session.ts';
import { EngineApi } from './engine-api.ts';
import type { EngineUse } from './engine-use.ts';
import type { BuildRequest, BuildSink, ImageEngine } from './image-engine.ts';
import { listTags } from './list.ts';
import { pushImage } from './push.ts';

export interface DockerEngineOptions {
  /** As DOCKER_HOST has it: `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`. */
  address: string;
  /** For the registries of base images, and of what is pushed. Each is shown its own, and nobody else's. */
  credentials: CredentialsFor;
  /** An engine that says nothing for so long is given up: also one with a RUN that is silent. Default 30 min. */
  silenceMs?: number;
}

/** A Docker Engine, with the BuildKit that is in it. */
export class DockerEngine implements ImageEngine {
  readonly #use: EngineUse;

  /** @throws RelaunchError BuilderUnavailable where the address is none; nothing is connected to. */
  constructor({ address, credentials, silenceMs = 30 * 60_000 }: DockerEngineOptions) {
    this.#use = { api: new EngineApi(address), credentials, silenceMs };
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#status({ method: 'GET', path: '/version', signal }, []);
  }

  build(request: BuildRequest, sink: BuildSink, signal: AbortSignal): Promise<{ imageId: string }> {
    return buildImage(this.#use, request, sink, signal);
  }

  push(image: string, sink: BuildSink, signal: AbortSignal): Promise<{ digest: string }> {
    return pushImage(this.#use, image, sink, signal);
  }

  async has(image: string, signal: AbortSignal): Promise<boolean> {
    const missing = 404;
    return (await this.#status({ method: 'GET', path: `${pathOf(image)}/json`, signal }, [missing])) !== missing;
  }

  list(repository: string, signal: AbortSignal): Promise<string[]> {
    return listTags(this.#use, repository, signal);
  }

  async remove(image: string, signal: AbortSignal): Promise<void> {
    await this.#status({ method: 'DELETE', path: pathOf(image), signal }, [404, 409]);
  }

  /** Which of these the engine answers, if not that it is well. */
  async #status(request: EngineRequest, expected: readonly number[]): Promise<number | undefined> {
    const { api } = this.#use;
    try {
      await api.send(request);
      return undefined;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (expected.includes(error.code)) return error.code;
      throw api.unavailable(`refuses ${request.method} ${request.path}: ${quoted(error.message)}`, error);
    }
  }
}

const pathOf = (image: string): string => `/images/${encodeURIComponent(image)}`;
