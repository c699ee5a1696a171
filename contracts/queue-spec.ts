import { z } from 'zod';
import { durationMs } from './duration.ts';
import { fixedArguments } from './fill-macros.ts';
import { imageName } from './source.ts';
import { plainText, timeouts } from './launch-spec.ts';
import { allowMap } from './queue-allow.ts';
import { queueDefaults } from './queue-defaults.ts';
import { namesIn, queueVariables } from './queue-variables.ts';
import { defaultRequeueOn, mostRequeues, requeuePolicy } from './requeue-policy.ts';
import { jobVariables, secretName } from './secret-reference.ts';
import { numWorkers } from './sweep-workers.ts';
import { backendOf, builderOf } from './wandb.ts';

export const defaultGracePeriodMs = 60_000;
export const defaultAgentTimeoutMs = 600_000;

const fields = z.strictObject({
  /** Our word or W&B's: `process`, `local-process`. */
  backend: z.string().transform(backendOf),
  /** Base configuration for each backend, under the backend's name; the backend checks it. */
  resourceArgs: z
    .record(z.string(), z.record(z.string(), z.json()))
    .transform((args) =>
      Object.fromEntries(Object.entries(args).map(([backend, value]) => [backendOf(backend), value])),
    )
    .default({}),
  /** What is left to submitters in `resourceArgs`: `{{name}}` there is the value of a variable. */
  variables: queueVariables,
  /** Whether submitters may say what `allow` says nothing of. Variables they may set. */
  overrides: z.enum(['open', 'closed'], 'open or closed').default('open'),
  allow: allowMap,
  defaults: queueDefaults,
  /** For people: what it is for, and where more about it is to be seen. */
  description: z.string('a text').max(10_000, 'at most 10000 characters').optional(),
  links: z.record(plainText(128), z.url({ protocol: /^https?$/, error: 'a URL of http or https' })).default({}),
  /** How code becomes images here, unless a run says otherwise. */
  builder: z
    .strictObject({
      /** The base of images that are generated. */
      acceleratorImage: imageName.optional(),
      /** What code is mounted on where the agents build nothing. Default: the agent's. */
      baseImage: imageName.optional(),
    })
    .default({}),
  requeue: z
    .strictObject({
      max: requeuePolicy.shape.max.default(mostRequeues),
      on: requeuePolicy.shape.on.default([...defaultRequeueOn]),
    })
    .prefault({}),
  /** Variables of all its runs. A run may say another text, but has no way round a secret. */
  env: jobVariables.default({}),
  /** Which secrets a run may name. */
  secrets: z.array(secretName).default([]),
  gracePeriod: durationMs.default(defaultGracePeriodMs),
  timeouts: timeouts.default({}),
  /** `num_workers`: trials that each sweep has in flight, unless it asks for less. */
  scheduler: z.strictObject({ num_workers: numWorkers.optional() }).default({}),
  /** The most runs that live at a time, over all agents. Default: as many as the agents have places for. */
  maxLive: z.int().min(1, '1 to 10000').max(10_000, '1 to 10000').optional(),
  /** How the runs of users take turns, within a priority: a user of weight 3 gets three for each one of a user of weight 1, the default. */
  fairness: z
    .strictObject({
      weights: z.record(plainText(128), z.number().min(0.001, '0.001 to 1000').max(1_000, '0.001 to 1000')).default({}),
    })
    .prefault({}),
  /** Pauses the queue after so many failed or lost attempts in a row, of whatever runs. Default: never. */
  breaker: z.strictObject({ failures: z.int().min(1, '1 to 1000').max(1_000, '1 to 1000') }).optional(),
  /** How long an agent may be silent before the attempts that only it can follow are given up as `lost{agent-lost}`. */
  agentTimeout: durationMs.default(defaultAgentTimeoutMs),
});

/**
 * What an admin writes into `queues/<queue>.yaml`: where the runs of a queue go, and within which bounds. `requeue`, `gracePeriod` and
 * `timeouts` are the defaults of its runs and the most that a run may ask for. What W&B has about images among a backend's arguments
 * becomes `builder`'s, unless that says it itself.
 */
export const queueSpec = fields.transform((spec, context) => {
  for (const { path, message } of misplacedNames(spec)) {
    context.issues.push({ code: 'custom', input: spec, path, message });
  }
  const args = Object.hasOwn(spec.resourceArgs, spec.backend) ? spec.resourceArgs[spec.backend] : undefined;
  if (args === undefined) return spec;
  const read = builderOf(args);
  if ('issues' in read) {
    for (const { path, value, rule } of read.issues) {
      const at = ['resourceArgs', spec.backend, ...path.split('.')];
      context.issues.push({ code: 'custom', input: value, path: at, message: rule });
    }
    return z.NEVER;
  }
  const { builder, rest } = read;
  const resourceArgs = { ...spec.resourceArgs, [spec.backend]: rest };
  return { ...spec, resourceArgs, builder: { ...builder, ...spec.builder } };
});

export type QueueSpecInput = z.input<typeof queueSpec>;
export type QueueSpec = z.output<typeof queueSpec>;

/** Places without a variable, and variables without a place. */
function misplacedNames({ variables, resourceArgs }: z.output<typeof fields>): { path: string[]; message: string }[] {
  const places = namesIn(resourceArgs);
  const unknown = places.filter(({ name }) => !Object.hasOwn(variables, name));
  const unused = Object.keys(variables).filter((variable) => !places.some(({ name }) => name === variable));
  const moving = places.filter(
    ({ path: [, key = '', ...rest] }) => fixedArguments.includes(rest.at(-1) ?? key) || key === 'code',
  );
  return [
    ...moving.map(({ path }) => ({
      path: ['resourceArgs', ...path],
      message: 'no variable: agents look where runs are',
    })),
    ...unknown.map(({ name, path }) => ({
      path: ['resourceArgs', ...path],
      message: `{{${name}}} is no variable of the queue: declare it under variables`,
    })),
    ...unused.map((name) => ({ path: ['variables', name], message: `{{${name}}} stands nowhere in resourceArgs` })),
  ];
}
