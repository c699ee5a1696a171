import { isJsonMap } from './merge-maps.ts';
import { z } from 'zod';
import { fieldIssues, type FieldIssue } from './issues.ts';
import { imageName } from './source.ts';

/** W&B's spellings, with wandb-launch.ts and wandb-sweep.ts: nothing else of ours knows them. */

const backends: ReadonlyMap<string, string> = new Map([
  ['local-process', 'process'],
  ['local-container', 'docker'],
  ['gcp-vertex', 'vertex'],
]);

/** Our word for a backend, given ours or W&B's. */
export const backendOf = (name: string): string => backends.get(name) ?? name;

/** What W&B's launches may be for, and our words for the same. */
export const resourceTypes = [...new Set([...backends.keys(), 'kubernetes', 'sagemaker', ...backends.values()])];

/** A job as W&B names it, with its entity before it, which is not ours to choose there; other names as they are. */
export function jobOf(name: string): { job: string; entity: string | undefined } {
  const [, entity, job = name] = /^([^/:]+)\/([^/:]+\/[^/]+)$/.exec(name) ?? [];
  return { job, entity };
}

const accelerator = z.strictObject({ base_image: imageName.nullish() }, 'a map').nullish();

/** W&B's `builder`, of a queue's arguments and of launches. */
export const imageBuilder = z
  .strictObject(
    {
      accelerator,
      /** Up to version 0.15.6. */
      cuda: accelerator,
      base_image: imageName.nullish(),
    },
    'a map',
  )
  .nullish()
  .transform((builder): ImageBuilder => {
    const acceleratorImage = builder?.accelerator?.base_image ?? builder?.cuda?.base_image;
    const baseImage = builder?.base_image;
    return { ...(acceleratorImage && { acceleratorImage }), ...(baseImage && { baseImage }) };
  });

/** How images are made, in our words. */
export interface ImageBuilder {
  /** The base of images that are generated. */
  acceleratorImage?: string;
  /** What code is mounted on where nothing is built. */
  baseImage?: string;
}

/** What means "not said" in W&B's files. */
export function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** What stands in `resource_args.<backend>` beside the backend's own. */
const withBuilder = z.object({ builder: imageBuilder }).catchall(z.json());

/**
 * Takes what is about images out of `resource_args.<backend>`: `{"gpus": "all", "builder": {"accelerator": {"base_image": "..."}}}`.
 * `rest` is the backend's. Answers every wrong field.
 */
export function builderOf(
  args: unknown,
): { builder: ImageBuilder; rest: Record<string, z.core.util.JSONType> } | { issues: FieldIssue[] } {
  const parsed = withBuilder.safeParse(args);
  if (!parsed.success) return { issues: fieldIssues(parsed.error, args) };
  const { builder, ...rest } = parsed.data;
  return { builder, rest };
}

/** W&B's keys of a queue, and of a launch's overrides, and ours. */
const queueKeys: readonly (readonly [wandb: string, ours: string])[] = [
  ['resource_args', 'resourceArgs'],
  ['template_variables', 'variables'],
  ['external_links', 'links'],
];

/**
 * What an admin wrote of a queue, in our words where W&B's stand: `resource_args`, `template_variables`, `external_links`, and of a
 * variable `{"schema": {"type": ...}}`. What stands there in both is left for the schema to refuse.
 */
export function queueOf(written: unknown): unknown {
  if (!isJsonMap(written)) return written;
  const taken = new Map(queueKeys.filter(([wandb, ours]) => !(wandb in written && ours in written)));
  const queue = Object.fromEntries(Object.entries(written).map(([key, value]) => [taken.get(key) ?? key, value]));
  const { variables } = queue;
  if (!isJsonMap(variables)) return queue;
  return {
    ...queue,
    variables: Object.fromEntries(Object.entries(variables).map(([name, each]) => [name, variableOf(each)])),
  };
}

function variableOf(written: unknown): unknown {
  if (!isJsonMap(written) || !isJsonMap(written['schema'])) return written;
  const { schema, ...rest } = written;
  return { ...schema, ...rest };
}
