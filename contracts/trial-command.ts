import type { z } from 'zod';
import type { LaunchSpecInput } from './launch-spec.ts';

type Json = z.core.util.JSONType;

/** The values of a trial's parameters. */
export type Config = Record<string, Json>;

const jsonFileMacro = '${args_json_file}';
/** In the directory in which the job runs. */
const jsonFile = 'relaunch-args.json';
/** Writes its first argument into the file, and becomes the command that the others are. */
const writesJsonFile = `printf %s "$1" >${jsonFile} && shift && exec "$@"`;

/** The command of a trial: the sweep's, with its macros filled in. */
export function commandOf(
  { entrypoint = [], args }: LaunchSpecInput,
  config: Config,
): Pick<LaunchSpecInput, 'entrypoint' | 'args'> {
  const words = expandMacros(entrypoint, config);
  const wantsFile = [...entrypoint, ...(args ?? [])].includes(jsonFileMacro);
  return {
    entrypoint: wantsFile ? ['sh', '-c', writesJsonFile, 'sh', JSON.stringify(config), ...words] : words,
    ...(args === undefined ? {} : { args: expandMacros(args, config) }),
  };
}

/** Each is a word of its own. The rest of W&B's macros do not depend on the trial: contracts/wandb-sweep.ts. */
const macros = new Map<string, (config: readonly [string, Json][]) => string[]>(
  Object.entries({
    '${args}': (config) => config.map(([name, value]) => `--${name}=${pythonText(value)}`),
    '${args_no_equals}': (config) => config.flatMap(([name, value]) => [`--${name}`, pythonText(value)]),
    '${args_no_hyphens}': (config) => config.map(([name, value]) => `${name}=${pythonText(value)}`),
    '${args_no_boolean_flags}': (config) =>
      config.flatMap(([name, value]) => {
        if (typeof value !== 'boolean') return [`--${name}=${pythonText(value)}`];
        return value ? [`--${name}`] : [];
      }),
    '${args_json}': (config) => [JSON.stringify(Object.fromEntries(config))],
    [jsonFileMacro]: () => [jsonFile],
    '${args_append_hydra}': (config) => config.map(([name, value]) => `+${name}=${pythonText(value)}`),
    '${args_override_hydra}': (config) => config.map(([name, value]) => `++${name}=${pythonText(value)}`),
  }),
);

export const trialMacros: readonly string[] = [...macros.keys()];

function expandMacros(words: readonly string[], config: Config): string[] {
  return words.flatMap((word) => macros.get(word)?.(Object.entries(config)) ?? [word]);
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
