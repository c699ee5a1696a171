import { configArguments, configForms } from './config-arguments.ts';
import type { LaunchSpecInput } from './launch-spec.ts';
import type { JsonMap } from './merge-maps.ts';

/** The values of a trial's parameters. */
export type Config = JsonMap;

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

const macros = new Map<string, (config: Config) => string[]>([
  ...configForms.map((form) => [`\${${form}}`, (config: Config) => configArguments(form, config)] as const),
  [jsonFileMacro, () => [jsonFile]],
]);

/** Each is a word of its own. The rest of W&B's macros do not depend on the trial: contracts/wandb-sweep.ts. */
export const trialMacros: readonly string[] = [...macros.keys()];

function expandMacros(words: readonly string[], config: Config): string[] {
  return words.flatMap((word) => macros.get(word)?.(config) ?? [word]);
}
