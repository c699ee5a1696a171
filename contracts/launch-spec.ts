import { z } from 'zod';
import { configForms } from './config-arguments.ts';
import { durationMs } from './duration.ts';
import { imageSpec } from './image-spec.ts';
import { artifacts, filePatches } from './job-inputs.ts';
import { namedJob } from './job-reference.ts';
import { labelValue } from './names.ts';
import { priority } from './priority.ts';
import { requeuePolicy } from './requeue-policy.ts';
import { resources } from './resources.ts';
import { jobVariables } from './secret-reference.ts';
import { source } from './source.ts';

/** Text without control characters, which would end up in lists, pages and terminals. */
export const plainText = (longest: number) =>
  z
    .string()
    .min(1, 'not empty')
    .max(longest, `at most ${String(longest)} characters`)
    // eslint-disable-next-line no-control-regex
    .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'no control characters');

/** Time limits of a run, each only where set. `queue`: waiting for a place; `start`: from a place to running; `run`: running. */
export const timeouts = z.strictObject({
  queue: durationMs.optional(),
  start: durationMs.optional(),
  run: durationMs.optional(),
});

/** A command: the program, then its arguments. */
export const command = z
  .array(z.string().regex(/^[^\0]*$/, 'no NUL character'))
  .refine((words) => words[0] !== '' && !(words[0] ?? '').startsWith('-'), 'begins with the name of a program');

export const defaultProject = 'uncategorized';

/** A text that is a number is one, where a variable of a queue is a number: a command line has texts only. */
export const variableValue = z.union([z.string(), z.number(), z.boolean()], 'a text, a number or a boolean');
export type VariableValue = z.output<typeof variableValue>;

const fields = z.strictObject({
  /** For people; default: see {@link nameOf}. */
  name: plainText(128).optional(),
  project: plainText(128).default(defaultProject),
  queue: labelValue,
  /** Who submits: a claim, not proof. */
  user: plainText(128).optional(),
  source,
  ...imageSpec.shape,
  /** Of a directory of code: what is run there. Of an image or a job: in place of its own entry point. */
  entrypoint: command.default([]),
  /** Appended to the entry point. Of an image without one: in place of its own arguments. */
  args: z.array(z.string().regex(/^[^\0]*$/, 'no NUL character')).default([]),
  /** Reaches the job as RELAUNCH_CONFIG and WANDB_CONFIG. */
  runConfig: z.record(z.string(), z.json()).default({}),
  /** Hands `runConfig` over as arguments too, behind `args`: as {@link configForms} writes it. */
  configAsArgs: z.enum(configForms, `one of ${configForms.join(', ')}`).optional(),
  /** Where the code lies on a disk of the attempt's own they are changed before it starts; always as WANDB_LAUNCH_FILE_OVERRIDES. */
  files: filePatches.optional(),
  /** Reaches the job as WANDB_ARTIFACTS. */
  artifacts: artifacts.optional(),
  /** Secrets only by names that the queue lets its runs name. */
  env: jobVariables.default({}),
  /** Of its queue's variables, by name. */
  variables: z.record(z.string(), variableValue, 'a map of variables').default({}),
  resources: resources.default({}),
  /** Over what the queue has for its backend: `{docker: {memory: 16g}}`, as far as backend and queue let submitters. */
  resourceArgs: z.record(z.string(), z.record(z.string(), z.json(), 'a map'), 'a map by backend').default({}),
  priority: priority.default('medium'),
  /** Narrows the queue's policy. */
  requeue: requeuePolicy.partial().default({}),
  /** Attempts after a failure of the job's own. */
  retries: z.int().min(0, '0 to 100').max(100, '0 to 100').default(0),
  /** Between TERM and KILL. */
  gracePeriod: durationMs.optional(),
  timeouts: timeouts.default({}),
  tags: z.array(plainText(64)).max(32, 'at most 32 tags').default([]),
  /** The sweep that it is a trial of: a claim, not proof. */
  sweep: labelValue.optional(),
});

/**
 * What a submitter asks for: the input of the workflow `launch`. Hostile until an agent has checked it.
 * Absent fields take the queue's defaults.
 */
export const launchSpec = fields.check((context) => {
  for (const { path, message } of twoWays(context.value)) {
    context.issues.push({ code: 'custom', input: context.value[path], path: [path], message });
  }
});

interface Runnable {
  source: Pick<LaunchSpec['source'], 'code' | 'git'>;
  entrypoint: readonly string[];
  dockerfile?: string | undefined;
  baseImage?: string | undefined;
}

interface Contradiction {
  path: 'baseImage' | 'entrypoint';
  message: string;
}

/** What does not go together in what is to run, once all is said that there is to say. */
export const contradictions = (of: Runnable): Contradiction[] => [...twoWays(of), ...nothingRun(of)];

function twoWays({ dockerfile, baseImage }: Runnable): Contradiction[] {
  const message = 'not with a dockerfile: by that an image is built, and on a base image nothing is';
  return dockerfile === undefined || baseImage === undefined ? [] : [{ path: 'baseImage', message }];
}

/** A Dockerfile may have its own. */
function nothingRun({ source: { code, git }, entrypoint, dockerfile }: Runnable): Contradiction[] {
  const message = 'a command and its arguments, such as ["python", "train.py"]';
  const isBuilt = code !== undefined || git !== undefined;
  return isBuilt && entrypoint.length === 0 && dockerfile === undefined ? [{ path: 'entrypoint', message }] : [];
}

/** As people write it: defaults not filled in, durations as text. */
export type LaunchSpecInput = z.input<typeof launchSpec>;
export type LaunchSpec = z.output<typeof launchSpec>;

/** The name that people see: the spec's, else the job's, else that of the script that is run, else that of the program, else that of image or repository. */
export function nameOf({ name, entrypoint, source: from }: Pick<LaunchSpec, 'name' | 'entrypoint' | 'source'>): string {
  if (name !== undefined) return name;
  if (from.job !== undefined) return namedJob(from.job.name, defaultProject).name;
  const script = entrypoint.find((word) => /\.(py|sh)$/.test(word))?.replace(/\.(py|sh)$/, '');
  const image = from.image?.replace(/@.*$/, '').replace(/:[^/]*$/, '');
  const repository = from.git?.url.replace(/\/+$/, '').replace(/\.git$/, '');
  const program = (script ?? entrypoint[0] ?? image ?? repository ?? '').split(/[/:]/).at(-1) ?? '';
  // eslint-disable-next-line no-control-regex
  return program.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').slice(0, 128) || 'run';
}
