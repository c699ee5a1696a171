import { priority } from './priority.ts';
import { z } from 'zod';
import { fieldIssues, type FieldIssue } from './issues.ts';
import { variableValue, type LaunchSpecInput } from './launch-spec.ts';
import { backendOf, builderOf, imageBuilder, isEmpty, jobOf, resourceTypes, type ImageBuilder } from './wandb.ts';
import { imageName } from './source.ts';

/** W&B's launch configurations, and nothing else of ours knows their keys. */

/** What one says, in our words. Absent: not said. Fields that we share with it are checked later, by the schema of a launch. */
export interface LaunchConfig {
  spec: Partial<LaunchSpecInput>;
  /** What was in it and means nothing here, in sentences. */
  notes: string[];
}

const text = z.string('a text');
const json = z.json('JSON');
const words = z.array(z.string(), 'a list of texts');
const mapOf = <T extends z.ZodType>(values: T) => z.record(z.string(), values, 'a map');

const overrides = z.strictObject(
  {
    args: words.optional(),
    entrypoint: words.optional(),
    /** What W&B's own client writes; its pages write `entrypoint`. */
    entry_point: words.optional(),
    run_config: mapOf(json).optional(),
    artifacts: mapOf(json).optional(),
    files: mapOf(json).optional(),
    dockerfile: z.string('a path').optional(),
    base_image: imageName.optional(),
    builder: imageBuilder.optional(),
    working_dir: z.string('a path').optional(),
  },
  'a map of overrides',
);
type Overrides = z.output<typeof overrides>;

/** Null and what is empty mean "not said", whether we know the field or not. */
const said = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([, inner]) => !isEmpty(inner)));
  }, schema);

/** By W&B's numbers. */
const priorities = priority.options;

const whole = z.strictObject({
  overrides: said(overrides).optional(),
  uri: text.regex(/:\/\/|^[^/]+@[^/]+:/, 'the URL of a git repository; a directory is --code').optional(),
  git: said(z.strictObject({ version: text.optional(), repo: text.optional() }, 'a map')).optional(),
  job: text.optional(),
  docker: said(z.strictObject({ docker_image: text.optional(), user_id: z.unknown().optional() }, 'a map')).optional(),
  image_uri: text.optional(),
  project: text.optional(),
  name: text.optional(),
  author: text.optional(),
  priority: z
    .union([z.literal([0, 1, 2, 3]), priority], `0 to 3, or ${priorities.join(', ')}`)
    .transform((given) => (typeof given === 'number' ? priorities[given] : given))
    .optional(),
  python_version: text.optional(),
  builder: imageBuilder.optional(),
  template_variables: mapOf(variableValue).optional(),
  resource_args: mapOf(mapOf(json)).optional(),
  additional_services: z.undefined('services beside a run come later').optional(),
  // What means nothing here.
  entity: text.optional(),
  queue_entity: text.optional(),
  resource: z.enum(resourceTypes, `one of ${resourceTypes.join(', ')}; or none: the queue decides`).optional(),
  run_id: z.unknown().optional(),
  sweep_id: z.unknown().optional(),
  _resume_count: z.unknown().optional(),
  _wandb_api_key: z.unknown().optional(),
});
type Whole = z.output<typeof whole>;

/**
 * Reads what `wandb launch --config` takes: overrides as W&B's pages show them (`{"args": [], "run_config": {}, "entrypoint": [], "dockerfile":
 * "./Dockerfile"}`), and whole configurations, with them under `overrides` and what is launched beside it. Answers every wrong field.
 */
export function launchConfigOf(written: unknown): LaunchConfig | { issues: FieldIssue[] } {
  const shape = isWhole(written) ? whole : overrides.transform((flat): Whole => ({ overrides: flat }));
  const parsed = said(shape).safeParse(written);
  if (!parsed.success) return { issues: fieldIssues(parsed.error, written) };
  const read = parsed.data;
  const args = argumentsIn(read);
  if ('issues' in args) return args;
  const builder = {
    ...args.builder,
    ...read.builder,
    ...read.overrides?.builder,
    ...given({ runtime: read.python_version }),
  };
  const spec = {
    ...overridesIn(read.overrides ?? {}),
    ...given({ project: read.project, name: read.name, user: read.author, priority: read.priority }),
    ...given({ source: sourceIn(read), variables: read.template_variables }),
    ...(isEmpty(builder) ? {} : { builder }),
    ...(isEmpty(args.rest) ? {} : { resourceArgs: args.rest }),
  };
  return { spec, notes: notesOn(read) };
}

const flatKeys = new Set(Object.keys(overrides.shape));

/** Whether a key is there that overrides do not have and a whole configuration has. */
const isWhole = (written: unknown): boolean =>
  written !== null &&
  typeof written === 'object' &&
  Object.keys(written).some((key) => !flatKeys.has(key) && Object.hasOwn(whole.shape, key));

function overridesIn({ args, entrypoint, entry_point, run_config, artifacts, files, ...image }: Overrides): object {
  const { dockerfile, base_image, working_dir } = image;
  return given({
    ...{ args, entrypoint: entrypoint ?? entry_point, runConfig: run_config, artifacts, files },
    ...{ dockerfile, baseImage: base_image, workingDir: working_dir },
  });
}

/** All that is named: that two are is for the schema of a launch to refuse. */
function sourceIn({ uri, git, job, docker, image_uri }: Whole): object | undefined {
  const url = uri ?? git?.repo;
  const source = given({
    job: job === undefined ? undefined : jobOf(job).job,
    image: docker?.docker_image ?? image_uri,
    git: url === undefined ? undefined : { url, ...given({ ref: git?.version }) },
  });
  return isEmpty(source) ? undefined : source;
}

type Args = Record<string, Record<string, z.core.util.JSONType>>;

/** Those of backends, and what stands among them about images. */
function argumentsIn({ resource_args = {} }: Whole): { builder: ImageBuilder; rest: Args } | { issues: FieldIssue[] } {
  let builder: ImageBuilder = {};
  const rest: Args = {};
  for (const [backend, args] of Object.entries(resource_args)) {
    const read = builderOf(args);
    if ('issues' in read)
      return { issues: read.issues.map((each) => ({ ...each, path: `resource_args.${backend}.${each.path}` })) };
    builder = { ...builder, ...read.builder };
    if (!isEmpty(read.rest)) rest[backendOf(backend)] = read.rest;
  }
  return { builder, rest };
}

function notesOn(read: Whole): string[] {
  const { entity, job, queue_entity, resource, docker } = read;
  const entities = [entity, job === undefined ? undefined : jobOf(job).entity, queue_entity];
  const named = entities.find((each) => each !== undefined);
  const ignored: [keyof Whole, string][] = [
    ['run_id', 'a run gets an id of its own; --key makes a second launch the same run'],
    ['sweep_id', 'trials are launched by their sweep: relaunch sweep'],
    ['_resume_count', 'attempts are counted here'],
    ['_wandb_api_key', 'was not sent: jobs get keys from their queue, and launches are kept for others to read'],
  ];
  return [
    ...(named === undefined
      ? []
      : [`entity ${JSON.stringify(named)} is not taken from the configuration: say --entity`]),
    ...(resource === undefined ? [] : [`resource ${JSON.stringify(resource)}: the queue decides where its runs go`]),
    ...(docker?.user_id === undefined ? [] : ['docker.user_id: image and queue decide as whom a job runs']),
    ...ignored.filter(([key]) => read[key] !== undefined).map(([key, why]) => `${key}: ${why}`),
  ];
}

/** Without what was not given: absent is not the same as undefined to a schema that knows its fields. */
const given = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
