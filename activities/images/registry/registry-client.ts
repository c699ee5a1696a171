import type { z } from 'zod';
import { quoted, unavailable } from './failures.ts';
import { formatImageName, parseImageName, type ImageName } from './image-name.ts';
import {
  digestOfContent,
  forPlatform,
  imageConfig,
  isDigest,
  manifest,
  manifestTypes,
  type ImageConfig,
  type Manifest,
} from './manifest.ts';
import { RegistryApi, type RegistryOptions } from './registry-api.ts';

const accept = manifestTypes.join(', ');

/**
 * Asks registries what they have. With a token that is still good, or where none is needed, each question is one request.
 * All of it throws RelaunchError: RegistryDenied where somebody has to change something, RegistryUnavailable where trying again may help.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
 */
export class RegistryClient {
  readonly #api: RegistryApi;

  constructor(options: RegistryOptions = {}) {
    this.#api = new RegistryApi(options);
  }

  /** The digest of what a name means now: an index's own, if it is one. Undefined where there is no such image. */
  async digestOf(image: ImageName, signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.#api.ask(image, { method: 'HEAD', path: manifestPath(image), accept, signal });
    if (answer === undefined) return undefined;
    const digest = answer.headers['docker-content-digest'];
    // The header is not compulsory.
    if (digest === undefined) return (await this.manifest(image, signal))?.digest;
    return checked(image, String(digest), image.digest);
  }

  /**
   * The name by digest of what a name means now, its host included; a name that has a digest as it is, without asking. Undefined where
   * there is no such image. @throws RelaunchError also LaunchRejected, where it is no name
   */
  async pin(name: string, signal: AbortSignal): Promise<string | undefined> {
    const image = parseImageName(name);
    if (image.digest !== undefined) return name;
    const digest = await this.digestOf(image, signal);
    return digest && formatImageName({ host: image.host, repository: image.repository, digest });
  }

  /** What a name means now, proved by its digest. Undefined where there is no such image. */
  async manifest(image: ImageName, signal: AbortSignal): Promise<Manifest | undefined> {
    const answer = await this.#api.ask(image, { method: 'GET', path: manifestPath(image), accept, signal });
    if (answer?.body === undefined) return undefined;
    const digest = checked(image, digestOfContent(answer.body), image.digest);
    const named = answer.headers['docker-content-digest'];
    if (named !== undefined) checked(image, digest, String(named));
    return { ...parsed(image, answer.body, manifest), digest };
  }

  /** The configuration of an image for a platform, `linux/amd64`, proved by its digest. Undefined where there is no such image, or none for that platform. */
  async config(image: ImageName, platform: string, signal: AbortSignal): Promise<ImageConfig | undefined> {
    const found = await this.manifest(image, signal);
    if (found?.kind !== 'index') return found && this.#configBlob(image, found.config, signal);
    const digest = forPlatform(found.manifests, platform);
    if (digest === undefined) return undefined;
    const one = await this.manifest({ ...image, digest }, signal);
    if (one?.kind === 'image') return this.#configBlob(image, one.config, signal);
    throw unavailable(
      `registry ${image.host} lacks the image for ${platform} that its index of ${image.repository} names`,
    );
  }

  async #configBlob(image: ImageName, digest: string, signal: AbortSignal): Promise<ImageConfig> {
    const answer = await this.#api.ask(image, { method: 'GET', path: `blobs/${digest}`, accept: '*/*', signal });
    if (answer?.body === undefined) throw unavailable(`registry ${image.host} lacks ${digest} of ${image.repository}`);
    checked(image, digestOfContent(answer.body), digest);
    return parsed(image, answer.body, imageConfig);
  }
}

const manifestPath = ({ tag = 'latest', digest = tag }: ImageName): string => `manifests/${digest}`;

function checked({ host, repository }: ImageName, digest: string, expected = digest): string {
  if (isDigest(digest) && digest === expected) return digest;
  const words = digest === expected ? quoted(digest) : `${quoted(digest)} and not ${quoted(expected)}`;
  throw unavailable(`registry ${host} says something else about ${repository} than it should: its digest is ${words}`);
}

function parsed<T>({ host, repository }: ImageName, content: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(content.toString()));
  } catch {
    throw unavailable(`registry ${host} says something about ${repository} that is not understood`);
  }
}
