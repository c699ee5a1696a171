import { RelaunchError } from '../../contracts/failures.ts';
import { parseImageName } from './registry/image-name.ts';
import type { RegistryClient } from './registry/registry-client.ts';

/** A registry gets this long: a launch waits for it. */
const answerMs = 3_000;
/** One that gave no answer is not asked again before. */
const restMs = 30_000;

/**
 * Names of images by digest, so that every attempt of a run has the same one. A tag stays where its registry gives no digest soon: what
 * pulls the image may reach one that the agent does not, with credentials that it has not, or need none because it has the image.
 */
export class ImagePins {
  readonly #registry: Pick<RegistryClient, 'pin'>;
  /** Until when a host is left alone. */
  readonly #resting = new Map<string, number>();

  constructor(registry: Pick<RegistryClient, 'pin'>) {
    this.#registry = registry;
  }

  /** @throws RelaunchError LaunchRejected, where it is no name of an image */
  async pin(name: string): Promise<string> {
    const { host } = parseImageName(name);
    if ((this.#resting.get(host) ?? 0) > performance.now()) return name;
    this.#resting.delete(host);
    try {
      return (await this.#registry.pin(name, AbortSignal.timeout(answerMs))) ?? name;
    } catch (error) {
      const isAnswer = error instanceof RelaunchError && error.type === 'RegistryDenied';
      if (!isAnswer) this.#resting.set(host, performance.now() + restMs);
      return name;
    }
  }
}
