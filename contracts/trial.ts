import { canonicalJson, shortHash } from './hash.ts';
import type { LaunchSpecInput } from './launch-spec.ts';
import { commandOf, type Config } from './trial-command.ts';

/** One of a sweep's runs: number and configuration. */
export interface Trial {
  index: number;
  config: Config;
  /** 0; 1 and up where it is run again because it failed. */
  rerun: number;
}

/** The workflow id of a trial. Another point, another id: a trial is never taken for one of another search. */
export function trialId(sweep: string, { index, config, rerun }: Trial): string {
  const id = `${sweep}-${String(index)}-${shortHash(canonicalJson(config), 6)}`;
  return rerun === 0 ? id : `${id}-r${String(rerun)}`;
}

/** The number of a trial, from its workflow id; undefined where the id is none of the sweep's. */
export function indexOfTrial(sweep: string, workflowId: string): number | undefined {
  if (!workflowId.startsWith(`${sweep}-`)) return undefined;
  const index = /^(\d+)-[a-z2-7]{6}(-r\d+)?$/.exec(workflowId.slice(sweep.length + 1))?.[1];
  return index === undefined ? undefined : Number(index);
}

/** What a trial submits: the sweep's launch with this trial's configuration, in its run configuration and in the macros of its command. */
export function trialSpec(launch: LaunchSpecInput, sweep: { id: string; name: string }, trial: Trial): LaunchSpecInput {
  return {
    ...launch,
    name: `${sweep.name}-${String(trial.index)}`.slice(-128),
    sweep: sweep.id,
    runConfig: { ...launch.runConfig, ...trial.config },
    ...commandOf(launch, trial.config),
  };
}
