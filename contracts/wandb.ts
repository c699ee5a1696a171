import { z } from 'zod';
import { fieldIssues, type FieldIssue } from './issues.ts';
import { variableValue } from './launch-spec.ts';
import { imageName } from './source.ts';

/** All of W&B's spellings, and nothing else of ours knows them. */

const backends: ReadonlyMap<string, string> = new Map([
  ['local-process', 'process'],
  ['local-container', 'docker'],
  ['gcp-vertex', 'vertex'],
]);

/** Our word for a backend, given ours or W&B's. */
export const backendOf = (name: string): string => backends.get(name) ?? name;

/** A job as W&B names it, with its entity before it, which is not ours to choose there; other names as they are. */
export function jobOf(name: string): { job: string; entity: string | undefined } {
  const [, entity, job = name] = /^([^/:]+)\/([^/:]+\/[^/]+)$/.exec(name) ?? [];
  return { job, entity };
}

/** What a submitter changes of a job, in our words. Absent: not changed. */
export interface Overrides {
  entrypoint?: string[];
  args?: string[];
  runConfig?: Record<string, z.core.util.JSONType>;
  /** From the root of the build's context. */
  dockerfile?: string;
  /** What the code is mounted on; nothing is built. */
  baseImage?: string;
  /** Within the source. */
  workingDir?: string;
  builder?: ImageBuilder;
  /** Of the queue. */
  variables?: Record<string, string | number | boolean>;
  /** By backend. */
  resourceArgs?: Record<string, Record<string, z.core.util.JSONType>>;
}

const words = z.array(z.string(), 'a list of texts');

const accelerator = z.strictObject({ base_image: imageName.nullish() }, 'a map').nullish();

const imageBuilder = z
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

const overrides = z.strictObject({
  args: words.optional(),
  entrypoint: words.optional(),
  /** What W&B's own client writes; its pages write `entrypoint`. */
  entry_point: words.optional(),
  run_config: z.record(z.string(), z.json(), 'a map').optional(),
  dockerfile: z.string('a path').optional(),
  base_image: imageName.optional(),
  builder: imageBuilder.optional(),
  working_dir: z.string('a path').optional(),
});

/** Null and what is empty mean "not overridden", whether we know the field or not. */
const overridden = z.preprocess((value) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => !isEmpty(inner)));
}, overrides);

/** What may stand beside the overrides in the file of `wandb launch --config`. */
const launchConfig = z.strictObject({
  overrides: overridden,
  template_variables: z.record(z.string(), variableValue, 'a map').nullish(),
  resource_args: z.record(z.string(), z.record(z.string(), z.json(), 'a map'), 'a map').nullish(),
});
const nothingBeside = { template_variables: undefined, resource_args: undefined };

/**
 * Reads W&B's overrides, both as its client writes them (`{"overrides": {...}}`) and as its pages show them
 * (`{"args": [], "run_config": {}, "entrypoint": [], "dockerfile": "./Dockerfile"}`). Answers every wrong field.
 */
export function overridesOf(json: unknown): { overrides: Overrides } | { issues: FieldIssue[] } {
  const nested = json !== null && typeof json === 'object' && 'overrides' in json;
  const parsed = (
    nested ? launchConfig : overridden.transform((overrides) => ({ overrides, ...nothingBeside }))
  ).safeParse(json);
  if (!parsed.success) return { issues: fieldIssues(parsed.error, json) };
  const { template_variables, resource_args } = parsed.data;
  const { args, entrypoint, entry_point, run_config, dockerfile, base_image, working_dir, builder } =
    parsed.data.overrides;
  const command = entrypoint ?? entry_point;
  return {
    overrides: {
      ...(command === undefined ? {} : { entrypoint: command }),
      ...(args === undefined ? {} : { args }),
      ...(run_config === undefined ? {} : { runConfig: run_config }),
      ...(dockerfile === undefined ? {} : { dockerfile }),
      ...(base_image === undefined ? {} : { baseImage: base_image }),
      ...(working_dir === undefined ? {} : { workingDir: working_dir }),
      ...(builder === undefined ? {} : { builder }),
      ...(template_variables == null ? {} : { variables: template_variables }),
      ...(resource_args == null ? {} : { resourceArgs: resource_args }),
    },
  };
}

function isEmpty(value: unknown): boolean {
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
  if (!isRecord(written)) return written;
  const taken = new Map(queueKeys.filter(([wandb, ours]) => !(wandb in written && ours in written)));
  const queue = Object.fromEntries(Object.entries(written).map(([key, value]) => [taken.get(key) ?? key, value]));
  const { variables } = queue;
  if (!isRecord(variables)) return queue;
  return {
    ...queue,
    variables: Object.fromEntries(Object.entries(variables).map(([name, each]) => [name, variableOf(each)])),
  };
}

function variableOf(written: unknown): unknown {
  if (!isRecord(written) || !isRecord(written['schema'])) return written;
  const { schema, ...rest } = written;
  return { ...schema, ...rest };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
