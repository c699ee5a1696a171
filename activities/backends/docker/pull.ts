import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { RelaunchError } from '../../../contracts/failures.ts';
import { pause } from '../waiting.ts';
import { EngineError } from './engine-error.ts';
import { registryAuth } from './registry-auth.ts';
import type { DockerSite } from './site.ts';

/** Whether a container can be made from an image. */
export type Pulled = { kind: 'pulled' } | { kind: 'local'; warning: string } | { kind: 'none'; words: string };

/** A registry that is away is asked again for this long, if there is nothing to fall back to. */
const patienceMs = 120_000;
const [firstBackOffMs, mostBackOffMs] = [1_000, 10_000];
/** An engine that pulls says so all the time, but for while it unpacks. */
const silenceMs = 600_000;

/** What no second try will change, as registries and engines say it. */
const hopeless =
  /not found|manifest unknown|denied|unauthorized|authentication required|no basic auth|invalid reference|no matching manifest|does not match|server gave HTTP response|x509/i;

/**
 * Pulls an image, always: a tag may have moved. A copy that is here stands in where the registry has none for us. An image by digest that
 * is here is what it is.
 */
export async function pullImage(
  site: DockerSite,
  image: string,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<Pulled> {
  const isHere = await site.engine.find({ method: 'GET', path: `/images/${image}/json`, signal });
  if (isHere !== undefined && image.includes('@')) return { kind: 'pulled' };
  const deadline = performance.now() + (isHere === undefined ? patienceMs : 0);
  for (let backOffMs = firstBackOffMs; ; backOffMs = Math.min(backOffMs * 2, mostBackOffMs)) {
    const failure = await pullOnce(site, image, platform, signal);
    if (failure === undefined) return { kind: 'pulled' };
    const { words } = failure;
    if (isHere !== undefined) {
      const warning = `image ${image} could not be pulled: the copy on ${site.node} is used. ${words}`;
      return { kind: 'local', warning };
    }
    if (failure.isHopeless || performance.now() + backOffMs > deadline) {
      return {
        kind: 'none',
        words: `image ${image} could not be pulled, and ${site.node} has no copy of it: ${words}`,
      };
    }
    await pause(backOffMs, signal);
  }
}

interface PullFailure {
  words: string;
  /** Another try will end as this one did. */
  isHopeless: boolean;
}

/** Answers why it failed. @throws where the engine is away, and the signal's reason */
async function pullOnce(
  site: DockerSite,
  image: string,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<PullFailure | undefined> {
  const silence = new Watchdog(silenceMs);
  try {
    const answer = await site.engine.stream({
      method: 'POST',
      path: '/images/create',
      query: { fromImage: withTag(image), platform },
      registryAuth: await registryAuth(site.configDirectory, image, signal),
      signal: AbortSignal.any([signal, silence.signal]),
    });
    const words = await errorIn(answer, () => {
      silence.heard();
    });
    return words === undefined ? undefined : { words, isHopeless: hopeless.test(words) };
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted)
      return { words: `nothing happened for ${String(silenceMs / 60_000)} minutes`, isHopeless: true };
    if (error instanceof EngineError) return { words: error.message, isHopeless: hopeless.test(error.message) };
    if (error instanceof RelaunchError)
      return { words: error.message, isHopeless: error.type !== 'RegistryUnavailable' };
    throw error;
  } finally {
    silence.close();
  }
}

/** An engine says only on the way that it failed, in one of many lines of JSON. */
async function errorIn(answer: Readable, heard: () => void): Promise<string | undefined> {
  for await (const line of createInterface({ input: answer, crlfDelay: Infinity })) {
    heard();
    if (line.trim() === '') continue;
    const { error } = JSON.parse(line) as { error?: string };
    if (error !== undefined) return error;
  }
  return undefined;
}

/** Aborts when it hears nothing for a while. */
class Watchdog {
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#stop.abort();
    }, ms);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  heard(): void {
    this.#timer.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

/** An engine that is told no tag pulls all of them. */
function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return /[:@]/.test(last) ? image : `${image}:latest`;
}
