import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What is understood: OCI's two and Docker's two. @see https://github.com/opencontainers/image-spec/blob/main/media-types.md */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

const index = z
  .object({ manifests: z.array(z.object({ digest, platform: platform.optional() })) })
  .transform(({ manifests }) => ({ kind: 'index' as const, manifests }));

const image = z
  .object({ config: z.object({ digest }) })
  .transform(({ config }) => ({ kind: 'image' as const, config: config.digest }));

/** One image, by the digest of its configuration; or one for each of several platforms. */
export const manifest = z.union([index, image]);
export type Manifest = z.output<typeof manifest> & { digest: string };

/** What an image says of itself. @see https://github.com/opencontainers/image-spec/blob/main/config.md */
export const imageConfig = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  config: z
    .looseObject({
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
      User: z.string().nullish(),
      WorkingDir: z.string().nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
});
export type ImageConfig = z.output<typeof imageConfig>;

export const isDigest = (text: string): boolean => digest.safeParse(text).success;

export const digestOfContent = (content: Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** That of a platform, `linux/amd64` or `linux/arm64/v8`; one without a variant takes any. */
export function forPlatform(
  manifests: (Manifest & { kind: 'index' })['manifests'],
  wanted: string,
): string | undefined {
  const [os, architecture, variant] = wanted.split('/');
  const found = manifests.find(
    ({ platform: of }) =>
      of?.os === os && of?.architecture === architecture && (variant === undefined || of?.variant === variant),
  );
  return found?.digest;
}
