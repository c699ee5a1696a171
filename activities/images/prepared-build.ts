import { join } from 'node:path';
import { canonicalJson, sha256Hex } from '../../contracts/hash.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { ImageSpec } from '../../contracts/image-spec.ts';
import { baseImagesOf } from './base-images.ts';
import { contextDigest } from './context-digest.ts';
import { contextEntries, entriesAt, withFiles, type ContextEntry } from './context-entries.ts';
import { contextTar } from './context-tar.ts';
import { dockerignoreOf } from './dockerignore.ts';
import type { BuildRequest } from './engine/image-engine.ts';
import { imageKey } from './image-key.ts';
import { imagePlan, type ImagePlan } from './image-plan.ts';
import type { BuilderSettings } from './image-request.ts';
import { tagOf, type KeyedImage } from './keyed-image.ts';
import { refused } from './refused.ts';
import type { RegistryClient } from './registry/registry-client.ts';
import { sourceDirectory } from './source-directory.ts';
import { below } from './source-files.ts';

/** How a builder makes images: of its agent's file. */
export interface BuildSettings extends BuilderSettings {
  destination: string;
  platform?: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
  cacheFrom: readonly string[];
  networkMode?: string | undefined;
}

/** An image that is known by all that goes into it, whether it is there or not. */
export interface PreparedBuild extends KeyedImage {
  /** Once. */
  request(): BuildRequest;
  /** What runs in it; empty: its own. */
  entrypoint: string[];
  warnings: string[];
}

type Built = Extract<ImagePlan, { kind: 'dockerfile' | 'generated' }>;

/** Of what we generate, where no file of the source can be. */
const generatedName = 'relaunch.dockerfile';

/**
 * Finds out what a run's source in `directory` makes, and what that is called. Nobody else writes there.
 * @throws RelaunchError LaunchRejected where it makes nothing, in one sentence; RegistryDenied, RegistryUnavailable for its base images
 */
export async function prepareBuild(
  {
    directory,
    plan,
    build,
  }: { directory: string; plan: Pick<Plan, 'entity' | 'project' | 'entrypoint'>; build: ImageSpec },
  settings: BuildSettings,
  registry: RegistryClient,
  signal: AbortSignal,
): Promise<PreparedBuild> {
  const made = imagePlan({
    source: { files: sourceDirectory(directory) },
    entrypoint: plan.entrypoint,
    overrides: build,
    job: { runtime: build.builder.runtime },
    acceleratorImage: build.builder.acceleratorImage,
    builder: settings,
  });
  if (made.kind !== 'dockerfile' && made.kind !== 'generated') throw refused('its source needs no image to be built');
  const { name, text, entries } = await contentOf(made, directory);
  const { platform, cacheFrom, networkMode } = settings;
  const buildArgs = { ...settings.buildArgs, ...withOwnCaches(plan) };
  const bases = await digestsOf(baseImagesOf(text, buildArgs), registry, signal);
  const key = imageKey({
    dockerfile: text,
    contextDigest: await contextDigest(entries),
    bases,
    platform,
    buildArgs,
  });
  const image = { repository: settings.destination, key };
  return {
    ...image,
    entrypoint: made.entrypoint,
    warnings: made.warnings,
    request: () => ({
      context: contextTar(withFiles(entries, { [name]: text })),
      dockerfile: name,
      tag: tagOf(image),
      ...(platform === undefined ? {} : { platform }),
      buildArgs,
      ...(made.kind === 'generated' ? { secrets: made.recipe.secrets } : {}),
      // What the key says of them: the engine may have others under their names. One that is on the engine alone can be had only there.
      pullsBases: !Object.values(bases).includes(absent),
      cacheFrom,
      ...(networkMode === undefined ? {} : { networkMode }),
      mask: made.mask,
    }),
  };
}

/**
 * BuildKit puts this before the id of each cache mount, wherever the mount is written: also in a base image's ONBUILD. Part of the image's
 * key: what another project's cache holds may be in what it makes.
 * @see https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args
 */
const withOwnCaches = ({ entity, project }: Pick<Plan, 'entity' | 'project'>): Record<string, string> => ({
  BUILDKIT_CACHE_MOUNT_NS: `relaunch-${sha256Hex(canonicalJson([entity, project])).slice(0, 32)}`,
});

/** The Dockerfile and what else the engine gets. */
async function contentOf(
  made: Built,
  directory: string,
): Promise<{ name: string; text: string; entries: ContextEntry[] }> {
  const files = below(sourceDirectory(directory), made.context);
  const isOwn = made.kind === 'dockerfile';
  const ignored = dockerignoreOf(files, isOwn ? made.dockerfile : undefined);
  const found = await contextEntries(join(directory, made.context), ignored);
  if (isOwn) return { name: made.dockerfile, text: made.text, entries: found };
  const { recipe } = made;
  const entries = withFiles(entriesAt(recipe.sourceAt, found), recipe.files);
  return { name: generatedName, text: recipe.dockerfile, entries };
}

/** A base image that is in no registry: the engine may have one of that name, else the build will say so. */
const absent = 'none';

async function digestsOf(
  names: readonly string[],
  registry: RegistryClient,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const found = names.map(async (name) => [name, (await registry.pin(name, signal)) ?? absent] as const);
  return Object.fromEntries(await Promise.all(found));
}
