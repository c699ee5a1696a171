import { canonicalJson, sha256Hex } from '../../contracts/hash.ts';

/** Everything that goes into an image. Secrets do not: a new token makes no new image. */
export interface ImageContent {
  /** The text that the engine gets. */
  dockerfile: string;
  contextDigest: string;
  /** The digests of the images that it is made from, by their names in the Dockerfile: a tag that moved makes a new image. */
  bases: Readonly<Record<string, string>>;
  /** Such as `linux/amd64`; undefined: the engine's own. */
  platform?: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
}

/** Of these tags, and of hardly any that people give. */
export const imageKeyPattern = /^[0-9a-f]{32}$/;

/** The tag of an image: the same for the same content, 32 hex digits. */
export function imageKey({ dockerfile, contextDigest, bases, platform, buildArgs }: ImageContent): string {
  return sha256Hex(canonicalJson({ dockerfile, contextDigest, bases, platform, buildArgs })).slice(0, 32);
}
