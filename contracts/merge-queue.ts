import type { z } from 'zod';
import { fieldIssue, type FieldIssue } from './issues.ts';
import { projectIn } from './job-reference.ts';
import { contradictions, type LaunchSpec } from './launch-spec.ts';
import { mergeLimits, type Limits } from './merge.ts';
import { allowIssues, isNarrowed, saidOf } from './queue-allow.ts';
import { withDefaults } from './queue-defaults.ts';
import { queueIssue } from './queue-issue.ts';
import type { QueueSpec } from './queue-spec.ts';
import { substitute, variableValues } from './queue-variables.ts';
import type { Resources } from './resources.ts';
import { backendOf, builderOf } from './wandb.ts';

export type Args = Record<string, z.core.util.JSONType>;

/** What a backend knows of its own arguments. Paths of issues count from `resourceArgs.<backend>`. */
export interface ArgsRules {
  /** What a submitter sets, in one spelling, by which `allow` knows it; else what only an admin may ever set. */
  overlayOf(given: Args): { overlay: Args } | { issues: FieldIssue[] };
  /**
   * When a queue that is open lets a submitter set a key: `listed`: where its `allow` names it; else where it does not narrow what says
   * the same, such as `/resources/memory` for a `memory`.
   */
  opened(key: string): 'listed' | readonly (readonly string[])[];
  /** The queue's arguments with a run's share of the machine, and over both what a submitter sets. */
  merge(base: Args, over: { resources: Resources; overlay: Args }): { args: Args } | { issues: FieldIssue[] };
}

/** A launch as its submitter and its job have it. */
export interface Asked {
  spec: LaunchSpec;
  /** The fields that the submitter names: {@link saidIn}. */
  said: ReadonlySet<string>;
  /** The job that it is one of, by its name. */
  job?: LaunchSpec['source']['job'];
  /** What the launcher says of it, not the submitter: of a trial. */
  ours?: readonly string[];
}

/** A launch with all that its queue says. */
export interface Merged {
  spec: LaunchSpec;
  limits: Limits;
  /** For the queue's backend: where the rules of that are not known, as the queue has them. */
  resourceArgs: Args;
  issues: FieldIssue[];
}

/** The fields that an input names, defaults not filled in. */
export const saidIn = (input: unknown): ReadonlySet<string> =>
  new Set(
    Object.entries(input ?? {}).flatMap(([field, value]: [string, unknown]) => (value === undefined ? [] : [field])),
  );

/**
 * Merges a launch with its queue, in this order: what the queue has for its backend, the variables in it, the queue's defaults, what the
 * submitter sets where that is allowed, and last what the backend lets submitters set at all. Everything that is not allowed is an issue.
 */
export function mergeQueue(asked: Asked, queue: QueueSpec, rules?: ArgsRules): Merged {
  const name = asked.spec.queue;
  const { spec, overlay, issues: ofOverlay } = ownOverlay(asked.spec, queue, rules);
  const { values, issues: ofVariables } = variableValues(queue.variables, spec.variables, name);
  const merged = withDefaults(spec, asked.said, queue.defaults);
  const { limits, issues: ofLimits } = mergeLimits(merged, queue);
  const closed = allowIssues(submitted({ ...asked, spec }, overlay, queue, rules), { queue: name, ...queue });
  const guarded = rules === undefined ? [] : guardedIssues(overlay, name, queue, rules);
  const issues = [
    ...ofVariables,
    ...closed,
    ...guarded.filter(({ path }) => !closed.some((issue) => path.startsWith(issue.path))),
    ...ofOverlay,
    ...ofLimits,
    ...contradictions(merged).map(({ path, message }) => fieldIssue([path], merged, message)),
  ];
  const base = substitute(queue.resourceArgs[queue.backend] ?? {}, values) as Args;
  if (rules === undefined || issues.length > 0) return { spec: merged, limits, resourceArgs: base, issues };
  const made = rules.merge(base, { resources: merged.resources, overlay });
  if ('issues' in made) return { spec: merged, limits, resourceArgs: base, issues: made.issues };
  return { spec: merged, limits, resourceArgs: made.args, issues };
}

/** What a submitter sets for the queue's backend. What W&B has about images among it becomes `builder`'s, unless that says it itself. */
function ownOverlay(
  spec: LaunchSpec,
  { backend }: QueueSpec,
  rules: ArgsRules | undefined,
): { spec: LaunchSpec; overlay: Args; issues: FieldIssue[] } {
  const issues: FieldIssue[] = [];
  const at = (issue: FieldIssue): FieldIssue => ({
    ...issue,
    path: ['resourceArgs', backend, issue.path].filter((part) => part !== '').join('.'),
  });
  const given: Args = {};
  for (const [written, args] of Object.entries(spec.resourceArgs)) {
    if (backendOf(written) === backend) Object.assign(given, args);
    else issues.push(fieldIssue(['resourceArgs', written], spec, `queue "${spec.queue}" is for backend "${backend}"`));
  }
  const read = builderOf(given);
  if ('issues' in read) return { spec, overlay: {}, issues: [...issues, ...read.issues.map(at)] };
  const built = { ...spec, builder: { ...read.builder, ...spec.builder } };
  const found = Object.keys(read.rest).length === 0 ? undefined : rules?.overlayOf(read.rest);
  if (found === undefined) return { spec: built, overlay: read.rest, issues };
  if ('overlay' in found) return { spec: built, overlay: found.overlay, issues };
  return { spec: built, overlay: {}, issues: [...issues, ...found.issues.map(at)] };
}

/** What was said of a launch, by its submitter or its job, which submitters write too. */
function submitted(
  { spec, said, job, ours = [] }: Asked,
  overlay: Args,
  queue: QueueSpec,
  rules: ArgsRules | undefined,
): Record<string, unknown> {
  const { project, priority, retries, source, resourceArgs: _, ...rest } = spec;
  const ofJob = job === undefined ? undefined : projectIn(job.name);
  const isSaid = (field: string): boolean => said.has(field);
  const all = {
    ...rest,
    ...(isSaid('project') && project !== ofJob ? { project } : {}),
    ...(isSaid('priority') ? { priority } : {}),
    ...(isSaid('retries') ? { retries } : {}),
    source: {
      ...source,
      ...(job === undefined ? {} : { job: job.digest === undefined && job.image === undefined ? job.name : job }),
    },
    ...(isChecked(queue, rules) ? { resourceArgs: { [queue.backend]: overlay } } : {}),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([field, value]) => {
      const inner = withoutEmpty(value);
      return inner === undefined || ours.includes(field) ? [] : [[field, inner]];
    }),
  );
}

/** Who does not know how a backend spells its arguments can only tell whether there may be any. */
const isChecked = ({ allow }: QueueSpec, rules: ArgsRules | undefined): boolean =>
  rules !== undefined || !saidOf(allow, ['resourceArgs']);

/** What is empty says nothing. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (value === null || typeof value !== 'object') return value;
  const inner = Object.entries(value).filter(([, each]) => withoutEmpty(each) !== undefined);
  return inner.length === 0 ? undefined : Object.fromEntries(inner);
}

/** What a submitter may set for the backend only where the queue says so, or narrows nothing that says the same. */
function guardedIssues(overlay: Args, queue: string, { backend, allow }: QueueSpec, rules: ArgsRules): FieldIssue[] {
  return Object.keys(overlay).flatMap((key) => {
    const path = ['resourceArgs', backend, key];
    if (saidOf(allow, path)) return [];
    const opened = rules.opened(key);
    if (opened !== 'listed' && !opened.some((place) => isNarrowed(allow, place))) return [];
    const issue = fieldIssue(path, { resourceArgs: { [backend]: overlay } }, '');
    return [queueIssue(queue, issue, { what: 'but runs of it may not set that', instead: 'Leave it out' })];
  });
}

/** What a queue does not allow of the configurations of a sweep's trials: of the first that is wrong. */
export function trialQueueIssues(
  launch: LaunchSpec,
  trials: readonly { config: object }[],
  queue: QueueSpec,
): FieldIssue[] {
  for (const { config } of trials) {
    const runConfig = { ...launch.runConfig, ...config };
    const issues = allowIssues({ runConfig }, { queue: launch.queue, ...queue });
    if (issues.length > 0) return issues;
  }
  return [];
}
