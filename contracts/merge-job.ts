import { inputIssues } from './input-schema.ts';
import type { FieldIssue } from './issues.ts';
import type { JobSpec } from './job-spec.ts';
import type { LaunchSpec } from './launch-spec.ts';
import { mergeMaps } from './merge-maps.ts';

type Config = LaunchSpec['runConfig'];

/**
 * A launch of a job. What it says itself holds over what the job says: an entry point, a Dockerfile or base image, a context as a whole;
 * the configuration map by map.
 */
export function mergeJob(spec: LaunchSpec, job: JobSpec): LaunchSpec {
  const { dockerfile, baseImage } = spec.dockerfile === undefined && spec.baseImage === undefined ? job : spec;
  return {
    ...spec,
    source: job.source,
    entrypoint: spec.entrypoint.length > 0 ? spec.entrypoint : job.entrypoint,
    ...{ dockerfile, baseImage },
    buildContext: spec.buildContext ?? job.buildContext,
    workingDir: spec.workingDir ?? job.workingDir,
    builder: { ...job.builder, ...spec.builder },
    runConfig: mergeMaps(job.runConfig, spec.runConfig),
  };
}

/**
 * What a job does not allow of a launch's configuration, with what the job and the queue have, and of its patches of files. `isWhole`: the
 * configuration is, else more of it comes later.
 */
export const inputsIssues = (
  job: JobSpec,
  { runConfig, files = {} }: LaunchSpec,
  options?: { isWhole: boolean },
): FieldIssue[] => [
  ...inputsOf(job, runConfig, options),
  // What a patch lacks is in the file.
  ...Object.entries(job.fileInputs ?? {}).flatMap(([path, schema]) =>
    inputIssues(schema, files[path] ?? {}, { root: `files.${path}`, isWhole: false }),
  ),
];

/** So many trials tell whether the parameters of a sweep fit a job's inputs; each is checked again when it is resolved. */
export const trialsChecked = 100;

/**
 * What a job does not allow of the configurations of a sweep's trials: of the first that is wrong. `launch`: what each has besides its point,
 * `defaults` what the queue has.
 */
export function trialIssues(
  job: JobSpec,
  { launch, defaults = {} }: { launch: Config; defaults?: Config | undefined },
  trials: readonly { config: object }[],
): FieldIssue[] {
  const base = mergeMaps(defaults, job.runConfig);
  for (const { config } of trials) {
    const issues = inputsOf(job, mergeMaps(base, { ...launch, ...(config as Config) }));
    if (issues.length > 0) return issues;
  }
  return [];
}

const inputsOf = (job: JobSpec, config: Config, options?: { isWhole: boolean }): FieldIssue[] =>
  job.inputs === undefined ? [] : inputIssues(job.inputs, config, options);
