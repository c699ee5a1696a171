import type { z } from 'zod';
import { canonicalJson, shortHash } from './hash.ts';
import type { LaunchSpecInput } from './launch-spec.ts';

type Json = z.core.util.JSONType;
export type Config = Record<string, Json>;

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
    entrypoint: expandMacros(launch.entrypoint, trial.config),
    ...(launch.args === undefined ? {} : { args: expandMacros(launch.args, trial.config) }),
  };
}

/** Each is a word of its own. The rest of W&B's macros do not depend on the trial: contracts/wandb-sweep.ts. */
const macros: Record<string, (config: readonly [string, Json][]) => string[]> = {
  '${args}': (config) => config.map(([name, value]) => `--${name}=${pythonText(value)}`),
  '${args_no_equals}': (config) => config.flatMap(([name, value]) => [`--${name}`, pythonText(value)]),
  '${args_no_hyphens}': (config) => config.map(([name, value]) => `${name}=${pythonText(value)}`),
  '${args_no_boolean_flags}': (config) =>
    config.flatMap(([name, value]) => {
      if (typeof value !== 'boolean') return [`--${name}=${pythonText(value)}`];
      return value ? [`--${name}`] : [];
    }),
  '${args_json}': (config) => [JSON.stringify(Object.fromEntries(config))],
  '${args_append_hydra}': (config) => config.map(([name, value]) => `+${name}=${pythonText(value)}`),
  '${args_override_hydra}': (config) => config.map(([name, value]) => `++${name}=${pythonText(value)}`),
};

export const trialMacros: readonly string[] = Object.keys(macros);

function expandMacros(words: readonly string[], config: Config): string[] {
  return words.flatMap((word) => macros[word]?.(Object.entries(config)) ?? [word]);
}

/** A value as Python's `str` writes it: W&B's agents hand values over so, and programs have come to expect it. */
export function pythonText(value: Json): string {
  return typeof value === 'string' ? value : literal(value);
}

function literal(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, inner]) => `${quoted(key)}: ${literal(inner)}`)
    .join(', ')}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${escaped}${quote}`;
}
