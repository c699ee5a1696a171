import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { preparedInputs } from '../contracts/wandb-inputs.ts';
import { ClientError, type JobNaming, type JobSpecInput } from '../client/index.ts';
import { setValues, splitAssignment, type JsonMap } from './assignments.ts';
import { given, imageFields, type ImageFlags } from './image-flags.ts';
import { readJsonOrFile } from './read-input.ts';
import { splitWords } from './split-words.ts';

/** The flags of `relaunch job create`, as commander reads them. */
export interface JobFlags extends ImageFlags {
  project?: string;
  name?: string;
  description?: string;
  alias?: string[];
  user?: string;
  entryPoint?: string;
  runConfig?: string;
  set?: string[];
  schema?: string;
  fileSchema?: string[];
  service?: string[];
}

/** What a job is made of. Fields are not checked here: the client does that, all at once. @throws ClientError bad-input */
export function jobFromFlags(source: JobSpecInput['source'], flags: JobFlags, cwd: string): JobSpecInput {
  const { schema, fileSchema = [] } = flags;
  const schemaIn = (flag: string, written: string): JsonMap => preparedInputs(mapIn(flag, written, cwd));
  const ofFiles = fileSchema.map((each) => {
    const [path, written] = splitAssignment('--file-schema', each);
    return [path, schemaIn(`--file-schema ${path}`, written)] as const;
  });
  const base = flags.runConfig === undefined ? {} : mapIn('--run-config', flags.runConfig, cwd);
  const runConfig = setValues(base, flags.set ?? []);
  return {
    source,
    ...imageFields(flags),
    entrypoint: entrypointOf(source, flags),
    ...(Object.keys(runConfig).length === 0 ? {} : { runConfig }),
    ...(schema === undefined ? {} : { inputs: schemaIn('--schema', schema) }),
    ...(ofFiles.length === 0 ? {} : { fileInputs: Object.fromEntries(ofFiles) }),
    services: servicesIn(flags.service ?? []),
  };
}

/** How it is to be called. */
export const namingFromFlags = ({ project, name, description, alias, user }: JobFlags, asker: string): JobNaming => ({
  ...given({ project, name, description, aliases: alias }),
  user: user ?? asker,
});

/** W&B's main.py, where nothing else is named. */
function entrypointOf({ code }: JobSpecInput['source'], { entryPoint, dockerfile, buildContext }: JobFlags): string[] {
  if (entryPoint !== undefined) return splitWords(entryPoint);
  if (code?.dir === undefined || dockerfile !== undefined) return [];
  const main = join(resolve(code.dir, buildContext ?? '.'), 'main.py');
  if (existsSync(main)) return ['python', 'main.py'];
  throw new ClientError(
    'bad-input',
    `what is run is not said, and there is no ${main}: give it by -E "python train.py".`,
  );
}

/** `name=always|never`, the last of a name holds. */
function servicesIn(assignments: readonly string[]): JobSpecInput['services'] {
  const services = assignments.map((assignment) => {
    const [, name, policy] = /^([^=]+)=(always|never)$/.exec(assignment) ?? [];
    if (name !== undefined) return [name, policy];
    throw new ClientError('bad-input', `--service ${JSON.stringify(assignment)}: must be NAME=always or NAME=never`);
  });
  return Object.fromEntries(services) as JobSpecInput['services'];
}

function mapIn(flag: string, written: string, cwd: string): JsonMap {
  const { value, name } = readJsonOrFile(written, cwd);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as JsonMap;
  throw new ClientError('bad-input', `${flag} ${name} holds no map.`);
}
