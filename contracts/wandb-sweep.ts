import { z } from 'zod';
import { fieldIssue, fieldIssues, type FieldIssue } from './issues.ts';
import type { SweepSpecInput } from './sweep-spec.ts';
import { trialMacros } from './trial-command.ts';
import { jobOf } from './wandb.ts';

/** W&B's sweep files, and nothing else of ours knows their keys. */

/** What a file says, in our words. Fields that we share with it are checked later, by the schema of a sweep. */
export interface SweepFile {
  sweep: SweepSpecInput;
  /** What was in the file and means nothing here, in sentences. */
  notes: string[];
}

const later = (what: string) => z.undefined(`${what} comes later`).optional();

const file = z.strictObject({
  apiVersion: z.unknown().optional(),
  kind: z.literal('sweep', 'sweep').optional(),
  controller: z.looseObject({ type: z.enum(['cloud', 'local'], 'cloud or local') }).optional(),
  entity: z.string().optional(),
  project: z.unknown().optional(),
  name: z.unknown().optional(),
  description: z.unknown().optional(),
  method: z
    .string('grid or random')
    .refine((method) => method !== 'bayes', 'Bayesian search comes later: use grid or random')
    .refine((method) => method !== 'custom', 'custom schedulers come later: use grid or random'),
  metric: z
    .strictObject(
      {
        name: z.unknown(),
        goal: z.unknown().optional(),
        target: z.unknown().optional(),
        /** What Bayesian search takes for runs that fail: nothing to grid and random. */
        impute: z.enum(['latest', 'best', 'worst'], 'latest, best or worst').optional(),
        impute_while_running: z
          .enum(['latest', 'best', 'worst', 'false'], 'latest, best, worst or false')
          .or(z.literal(false))
          .optional(),
      },
      'a map with name',
    )
    .optional(),
  metrics: later('search for several metrics'),
  parameters: z.unknown(),
  run_cap: z.unknown().optional(),
  early_terminate: later('early termination'),
  program: z.string('the path of a script').min(1, 'the path of a script').optional(),
  command: z
    .array(z.union([z.string(), z.number().transform(String)], 'words'), 'a list of words')
    .min(1, 'a list of words')
    .optional(),
  scheduler: z
    .strictObject(
      {
        num_workers: z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)], 'a whole number'),
        resource: z.unknown().optional(),
      },
      'a map with num_workers; schedulers of your own come later',
    )
    .optional(),
  /** What each trial is: a launch spec without source. `resource` is W&B's name for what a queue decides here. */
  launch: z
    .looseObject({ queue: z.unknown().optional(), resource: z.unknown().optional() }, 'a map with queue')
    .refine((launch) => !('source' in launch), 'source stands beside launch, not in it')
    .optional(),
  source: z.unknown().optional(),
  image_uri: z.string('the name of an image').optional(),
  job: z.string('the name of a job').optional(),
  seed: z.unknown().optional(),
  maxFailures: z.unknown().optional(),
  maxConsecutiveFailures: z.unknown().optional(),
  /** New attempts of a trial that has failed by itself, under the same name. */
  retryFailedTrials: z.unknown().optional(),
});

type File = z.output<typeof file>;

/** What W&B's agents do without `command`. */
const defaultCommand = ['${env}', '${interpreter}', '${program}', '${args}'];

/**
 * Reads a sweep file: W&B's keys, and ours beside them. `environment`: from which `${envvar:NAME}` is filled in.
 * Answers every wrong field that only such a file has.
 */
export function sweepOfFile(
  json: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): SweepFile | { issues: FieldIssue[] } {
  const parsed = file.safeParse(json);
  if (!parsed.success) return { issues: fieldIssues(parsed.error, json) };
  const read = parsed.data;
  if (read.job !== undefined && read.image_uri !== undefined) {
    return { issues: [fieldIssue(['image_uri'], json, 'beside job: choose one')] };
  }
  const { resource, ...launch } = read.launch ?? {};
  const entrypoint = commandOf(read, launch['entrypoint'], environment);
  if ('issues' in entrypoint) return entrypoint;
  const { name, goal, target } = read.metric ?? {};
  const sweep = {
    ...defined({ name: read.name, description: read.description, method: read.method, parameters: read.parameters }),
    ...(read.metric === undefined ? {} : { metric: defined({ name, goal, target }) }),
    ...defined({ seed: read.seed, runCap: read.run_cap, numWorkers: read.scheduler?.num_workers }),
    ...defined({ maxFailures: read.maxFailures, maxConsecutiveFailures: read.maxConsecutiveFailures }),
    launch: defined({
      ...launch,
      project: launch['project'] ?? read.project,
      source: read.source ?? sourceOf(read),
      retries: launch['retries'] ?? read.retryFailedTrials,
      entrypoint: entrypoint.words,
    }),
  };
  return { sweep: sweep as SweepSpecInput, notes: notesOn(read, resource) };
}

function sourceOf({ job, image_uri: image }: File): unknown {
  if (job !== undefined) return { job: jobOf(job).job };
  return image === undefined ? undefined : { image };
}

/** The macros that are the same for all trials are filled in here; those of a trial stay. */
function commandOf(
  { command, program, job }: File,
  own: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): { words: unknown } | { issues: FieldIssue[] } {
  if (command === undefined && program === undefined) {
    if (own !== undefined || job !== undefined) return { words: own };
    return {
      issues: [{ path: 'program', value: undefined, rule: 'what is run, unless command says, or launch.entrypoint' }],
    };
  }
  if (own !== undefined) {
    return {
      issues: [
        { path: 'launch.entrypoint', value: JSON.stringify(own), rule: 'beside command or program: choose one' },
      ],
    };
  }
  const issues: FieldIssue[] = [];
  const words = (command ?? defaultCommand).flatMap((word, i) => {
    if (word === '${env}') return ['/usr/bin/env'];
    if (word === '${interpreter}') return ['python'];
    if (word === '${program}' && program !== undefined) return [program];
    const filled = word.replace(/\$\{envvar:([^}]*)\}/g, (_, name: string) => environment[name] ?? name);
    if (/^\$\{[a-z_]+\}$/.test(filled) && !trialMacros.includes(filled)) {
      issues.push({ path: `command.${String(i)}`, value: JSON.stringify(word), rule: ruleOn(word) });
    }
    return [filled];
  });
  return issues.length > 0 ? { issues } : { words };
}

function ruleOn(macro: string): string {
  if (macro === '${program}') return 'there is no program in this file';
  return `no macro: there are \${env}, \${interpreter}, \${program}, \${envvar:NAME}, ${trialMacros.join(', ')}`;
}

function notesOn({ entity, controller, metric, scheduler, job }: File, resource: unknown): string[] {
  const backend = resource ?? scheduler?.resource;
  const named = entity ?? (job === undefined ? undefined : jobOf(job).entity);
  return [
    ...(named === undefined ? [] : [`entity ${JSON.stringify(named)} is not taken from the file: say --entity`]),
    ...(controller?.type === 'local' ? ['controller: the search runs in its workflow, there is no local one'] : []),
    ...(metric?.impute === undefined && metric?.impute_while_running === undefined
      ? []
      : ['metric.impute is for Bayesian search, and means nothing to grid and random']),
    ...(backend === undefined ? [] : [`resource ${JSON.stringify(backend)}: the queue decides where its runs go`]),
  ];
}

/** Without the keys that have no value: absent is not the same as undefined to a schema that knows its fields. */
function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
