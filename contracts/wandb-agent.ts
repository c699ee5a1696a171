import { z } from 'zod';
import { fieldIssues, type FieldIssue } from './issues.ts';

const count = (rule: string) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^-?\d+$/, rule)
          .transform(Number),
      ],
      rule,
    )
    .refine((value) => Number.isInteger(value) && value >= -1, rule);

const registry = z.looseObject({
  type: z.enum(['ecr', 'acr', 'gcr', 'local', 'anonymous'], 'ecr, acr, gcr, local or anonymous').nullish(),
  uri: z.string('a repository').nullish(),
});

/** `launch-config.yaml` of W&B's agent, as its documentation has it. */
const launchConfig = z.looseObject({
  entity: z.string('a name').nullish(),
  queues: z.array(z.string(), 'a list of names').nullish(),
  /** Up to version 0.12. */
  queue: z.string('a name').nullish(),
  max_jobs: count('a number, or -1 for no limit').nullish(),
  max_schedulers: count('a number, or -1 for no limit').nullish(),
  secure_mode: z.boolean('true or false').nullish(),
  registry: registry.nullish(),
  environment: z
    .looseObject({ type: z.enum(['aws', 'gcp', 'azure', 'local'], 'aws, gcp, azure or local').nullish() })
    .nullish(),
  builder: z
    .looseObject({
      type: z.enum(['docker', 'kaniko', 'noop', 'none'], 'docker, kaniko, noop or none').nullish(),
      destination: z.string('a repository').nullish(),
      platform: z.string('such as linux/amd64').nullish(),
    })
    .nullish(),
  verbosity: z.int('0 to 2').nullish(),
  stopped_run_timeout: z.number('seconds').nullish(),
});
type LaunchConfig = z.output<typeof launchConfig>;

/** The keys that are W&B's alone. */
const theirs = [
  ...['entity', 'queue', 'max_jobs', 'max_schedulers', 'secure_mode', 'registry', 'environment', 'verbosity'],
  'stopped_run_timeout',
];

/** Keys of their builder that ours has by the same name. */
const builderKeys = ['type', 'destination', 'platform'];

/** An agent's file in our words; `notes`: what of W&B's has no meaning here, and what is in its place. */
export interface AgentFile {
  value: unknown;
  notes: string[];
}

/** Reads W&B's `launch-config.yaml`, and leaves a file of ours as it is. Answers every wrong field of W&B's. */
export function agentFileOf(written: unknown): AgentFile | { issues: FieldIssue[] } {
  if (written === null || typeof written !== 'object' || Array.isArray(written)) return { value: written, notes: [] };
  const type = (written as { builder?: { type?: unknown } | null }).builder?.type;
  const isTheirs = theirs.some((key) => Object.hasOwn(written, key)) || type === 'noop' || type === 'kaniko';
  if (!isTheirs) return { value: written, notes: [] };
  const parsed = launchConfig.safeParse(written);
  return parsed.success ? inOurWords(parsed.data) : { issues: fieldIssues(parsed.error, written) };
}

function inOurWords(config: LaunchConfig): AgentFile {
  const { queues, queue, max_jobs, builder, registry: store, ...rest } = config;
  const served = [...(queues ?? []), ...(queue == null ? [] : [queue])];
  const own = Object.fromEntries(Object.entries(rest).filter(([key]) => !theirs.includes(key)));
  const made = builder == null ? undefined : builderOf(builder, store?.uri ?? undefined);
  return {
    value: {
      ...own,
      ...(served.length === 0 ? {} : { queues: served }),
      ...(max_jobs == null ? {} : placesOf(max_jobs, own)),
      ...(made === undefined ? {} : { builder: made }),
    },
    notes: notesOf(config),
  };
}

/** Said in both words, W&B's is left for the schema to refuse. */
const placesOf = (max_jobs: number, own: object): object => ('maxJobs' in own ? { max_jobs } : { maxJobs: max_jobs });

function builderOf(
  { type, destination, platform }: NonNullable<LaunchConfig['builder']>,
  uri: string | undefined,
): object | undefined {
  if (type === 'noop' || type === 'none') return { type: 'none' };
  if (type === 'kaniko') return undefined;
  const repository = destination ?? uri;
  return {
    type: 'docker',
    ...(repository === undefined ? {} : { destination: repository }),
    ...(platform == null ? {} : { platform }),
  };
}

function notesOf(config: LaunchConfig): string[] {
  const { builder } = config;
  const ofBuilder = Object.keys(builder ?? {}).filter((key) => !builderKeys.includes(key));
  const says: [is: boolean, note: string][] = [
    [config.entity != null, 'entity is the namespace of Temporal: --entity, or TEMPORAL_NAMESPACE'],
    [config.max_schedulers != null, 'max_schedulers: sweeps are workflows here and take no place of an agent'],
    [config.secure_mode != null, 'secure_mode: what submitters may set is always bounded, and by their queues more'],
    [config.environment != null, "environment: credentials are those of the agent's own environment"],
    [
      config.registry != null,
      "registry: images go to builder.destination, credentials are in Docker's config.json of the agent",
    ],
    [config.verbosity != null, 'verbosity: --log-level'],
    [config.stopped_run_timeout != null, 'stopped_run_timeout: gracePeriod of the queue, or of a launch'],
    [builder?.type === 'kaniko', 'builder: kaniko is none of ours; images are made by {type: docker, destination}'],
    [ofBuilder.length > 0, `builder: ${ofBuilder.join(', ')} have no meaning here`],
  ];
  return says.flatMap(([is, note]) => (is ? [note] : []));
}
