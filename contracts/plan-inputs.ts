import { configArguments } from './config-arguments.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { Plan } from './plan.ts';

/** What a launch hands its job besides the command, once its configuration is whole. */
export function inputsOf({
  args,
  runConfig,
  configAsArgs,
  files = {},
  artifacts = {},
}: LaunchSpec): Pick<Plan, 'args' | 'runConfig' | 'files' | 'artifacts'> {
  return {
    args: configAsArgs === undefined ? args : [...args, ...configArguments(configAsArgs, runConfig)],
    runConfig,
    ...(isEmpty(files) ? {} : { files }),
    ...(isEmpty(artifacts) ? {} : { artifacts }),
  };
}

const isEmpty = (map: object): boolean => Object.keys(map).length === 0;
