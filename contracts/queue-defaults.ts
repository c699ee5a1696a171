import { z } from 'zod';
import { canonicalJson } from './hash.ts';
import { fieldIssue } from './issues.ts';
import { launchSpec, type LaunchSpec } from './launch-spec.ts';
import { isJsonMap, mergeMaps } from './merge-maps.ts';

const { shape } = launchSpec;

/** What the runs of a queue are unless they, or their jobs, say otherwise. Lists and words hold as a whole, maps come together. */
export const queueDefaults = z
  .strictObject({
    project: shape.project.unwrap(),
    entrypoint: shape.entrypoint.unwrap(),
    args: shape.args.unwrap(),
    runConfig: shape.runConfig.unwrap(),
    env: shape.env.unwrap(),
    dockerfile: shape.dockerfile,
    baseImage: shape.baseImage,
    buildContext: shape.buildContext,
    workingDir: shape.workingDir,
    resources: shape.resources.unwrap(),
    priority: shape.priority.unwrap(),
    retries: shape.retries.unwrap(),
    tags: shape.tags.unwrap(),
  })
  .partial()
  .default({});
export type QueueDefaults = z.output<typeof queueDefaults>;

/** A launch with what its queue has where it says nothing. `said`: the fields that it names itself. */
export function withDefaults(spec: LaunchSpec, said: ReadonlySet<string>, defaults: QueueDefaults): LaunchSpec {
  const {
    project,
    priority,
    retries,
    entrypoint = [],
    args = [],
    tags = [],
    runConfig = {},
    env,
    resources,
  } = defaults;
  return {
    ...spec,
    ...(project === undefined || said.has('project') ? {} : { project }),
    ...(priority === undefined || said.has('priority') ? {} : { priority }),
    ...(retries === undefined || said.has('retries') ? {} : { retries }),
    entrypoint: spec.entrypoint.length > 0 ? spec.entrypoint : entrypoint,
    args: spec.args.length > 0 ? spec.args : args,
    tags: spec.tags.length > 0 ? spec.tags : tags,
    runConfig: mergeMaps(runConfig, spec.runConfig),
    env: { ...env, ...spec.env },
    resources: { ...resources, ...spec.resources },
    ...imageDefaults(spec, defaults),
  };
}

/** An image is made already; of a Dockerfile and a base image only one can hold. */
function imageDefaults(spec: LaunchSpec, defaults: QueueDefaults): Partial<LaunchSpec> {
  if (spec.source.image !== undefined) return {};
  const { dockerfile, baseImage } = spec.dockerfile === undefined && spec.baseImage === undefined ? defaults : spec;
  return {
    ...{ dockerfile, baseImage },
    buildContext: spec.buildContext ?? defaults.buildContext,
    workingDir: spec.workingDir ?? defaults.workingDir,
  };
}

const fields = Object.keys(queueDefaults.unwrap().shape) as (keyof QueueDefaults)[];

/** What a launch has of its queue's defaults, in a sentence; none where it has nothing. `asked`: as its submitter and its job have it. */
export function notesOnDefaults(asked: LaunchSpec, merged: LaunchSpec): string[] {
  const paths = fields.flatMap((field) => {
    const [before, after] = [asked[field], merged[field]];
    if (!isJsonMap(before) || !isJsonMap(after)) return isSame(before, after) ? [] : [[field]];
    return Object.keys(after).flatMap((key) => (isSame(before[key], after[key]) ? [] : [[field, key]]));
  });
  const filled = paths.map((path) => {
    const { path: where, value = 'not there' } = fieldIssue(path, merged, '');
    return `${where} is ${value}`;
  });
  return filled.length === 0 ? [] : [`by the defaults of queue "${merged.queue}": ${filled.join(', ')}`];
}

const isSame = (a: unknown, b: unknown): boolean => canonicalJson([a]) === canonicalJson([b]);
