import { isAbsolute, resolve } from 'node:path';
import type { LaunchSpecInput } from '../contracts/launch-spec.ts';
import type { Priority } from '../contracts/priority.ts';
import type { LaunchConfig } from '../contracts/wandb-launch.ts';
import { ClientError } from '../client/index.ts';
import { setValues, splitAssignment, type JsonMap } from './assignments.ts';
import { given, imageFields, type ImageFlags } from './image-flags.ts';
import { sourceOf, type SourceFlags } from './source-flags.ts';
import { splitWords } from './split-words.ts';

/** The flags of `relaunch launch` that say what is to run, as commander reads them. */
export interface LaunchFlags extends SourceFlags, ImageFlags {
  queue?: string;
  entryPoint?: string;
  project?: string;
  priority?: string;
  set?: string[];
  configAsArgs?: string | true;
  env?: string[];
  secret?: string[];
  name?: string;
  tag?: string[];
  user?: string;
  requeueMax?: string;
  retries?: string;
  gracePeriod?: string;
  timeoutQueue?: string;
  timeoutStart?: string;
  timeoutRun?: string;
  var?: string[];
  setVar?: string[];
  cpu?: string;
  memory?: string;
  gpu?: string;
}

export interface LaunchRequest {
  flags: LaunchFlags;
  /** What stood after `--`. */
  command: readonly string[];
  /** Of `--file`, parsed; `dir`: where that file is, from where its paths count. */
  file?: { value: unknown; name: string; dir: string } | undefined;
  /** Of `--config`, read. */
  config?: LaunchConfig | undefined;
  /** Of `--resource-args`, parsed. */
  resourceArgs?: { value: unknown; name: string } | undefined;
  cwd: string;
  /** Who submits, unless a flag or the file says. */
  user: string;
}

/**
 * What is to be submitted: the file's spec, over it W&B's overrides, over it the flags. An entry point without a source means the current directory.
 * Fields are not checked here: the client does that, all at once. @throws ClientError bad-input
 */
export function specFromFlags(request: LaunchRequest): LaunchSpecInput {
  const { flags, cwd } = request;
  const base = baseOf(request);
  const { entrypoint, ...over } = request.config?.spec ?? {};
  const command = commandOf(request) ?? entrypoint ?? base.entrypoint;
  const runConfig = setValues(
    { ...(base.runConfig as JsonMap | undefined), ...(over.runConfig as JsonMap | undefined) },
    flags.set ?? [],
  );
  const source =
    sourceOf(flags, over.source ?? base.source, cwd) ?? (command === undefined ? undefined : { code: { dir: cwd } });
  const spec = {
    ...base,
    ...over,
    ...textFlags(flags),
    ...imageFields(flags, { ...base.builder, ...over.builder }),
    user: flags.user ?? over.user ?? base.user ?? request.user,
    ...(command === undefined ? {} : { entrypoint: command }),
    ...(source === undefined ? {} : { source }),
    ...(Object.keys(runConfig).length === 0 ? {} : { runConfig }),
    ...(flags.configAsArgs === undefined ? {} : { configAsArgs: formIn(flags.configAsArgs) }),
    ...limitFlags(flags, base),
    ...queueFlags(request, { ...base, ...over, variables: { ...base.variables, ...over.variables } }),
  };
  return spec as LaunchSpecInput;
}

function textFlags({ queue, project, name, priority, tag, env, secret }: LaunchFlags): Partial<LaunchSpecInput> {
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(project === undefined ? {} : { project }),
    ...(name === undefined ? {} : { name }),
    ...(priority === undefined ? {} : { priority: priority as Priority }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(env === undefined && secret === undefined ? {} : { env: variablesIn(env, secret) }),
  };
}

function variablesIn(env: readonly string[] = [], secrets: readonly string[] = []): LaunchSpecInput['env'] {
  const references = secrets.map((each) => {
    const [variable, written] = splitAssignment('--secret', each);
    const secret = written.replace(/:env$/, '');
    return [variable, { secret, ...(secret === written ? {} : { as: 'env' as const }) }] as const;
  });
  return {
    ...Object.fromEntries(env.map((each) => splitAssignment('--env', each))),
    ...Object.fromEntries(references),
  };
}

function limitFlags(flags: LaunchFlags, base: Partial<LaunchSpecInput>): Partial<LaunchSpecInput> {
  const { requeueMax, retries, gracePeriod, timeoutQueue, timeoutStart, timeoutRun } = flags;
  const timeouts = {
    ...(timeoutQueue === undefined ? {} : { queue: duration(timeoutQueue) }),
    ...(timeoutStart === undefined ? {} : { start: duration(timeoutStart) }),
    ...(timeoutRun === undefined ? {} : { run: duration(timeoutRun) }),
  };
  return {
    ...(requeueMax === undefined ? {} : { requeue: { ...base.requeue, max: number(requeueMax) } }),
    ...(retries === undefined ? {} : { retries: number(retries) }),
    ...(gracePeriod === undefined ? {} : { gracePeriod: duration(gracePeriod) }),
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts: { ...base.timeouts, ...timeouts } }),
  };
}

/** What is no form stays text, for the client to refuse it. */
const formIn = (flag: string | true): LaunchSpecInput['configAsArgs'] =>
  (flag === true ? 'args' : flag) as LaunchSpecInput['configAsArgs'];

/** What is said to the queue: values of its variables, a share of the machine, arguments of its backend. */
function queueFlags({ flags, resourceArgs }: LaunchRequest, base: Partial<LaunchSpecInput>): Partial<LaunchSpecInput> {
  const { cpu, memory, gpu } = flags;
  const set = [...(flags.setVar ?? []), ...(flags.var ?? [])].map(variableIn);
  const variables = { ...base.variables, ...Object.fromEntries(set) };
  const resources = given({ cpu, memory, ...(gpu === undefined ? {} : { gpu: number(gpu) }) });
  return {
    ...(Object.keys(variables).length === 0 ? {} : { variables }),
    ...(Object.keys(resources).length === 0 ? {} : { resources: { ...base.resources, ...resources } }),
    ...(resourceArgs === undefined ? {} : { resourceArgs: resourceArgs.value as LaunchSpecInput['resourceArgs'] }),
  };
}

/** As W&B takes it: one `=`, so that several in one flag are seen. */
function variableIn(assignment: string): [name: string, value: string] {
  const [name, value] = splitAssignment('--var', assignment);
  if (!value.includes('=')) return [name, value];
  const wrong = `--var ${JSON.stringify(assignment)}: must be one NAME=VALUE; more of them are more flags, and values with "=" go into a file (-f)`;
  throw new ClientError('bad-input', wrong);
}

/** What is no number stays text, for the client to refuse it by its field's name. */
const number = (text: string): number => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : (text as unknown as number));

const duration = (text: string): string | number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);

function commandOf({ flags, command }: LaunchRequest): string[] | undefined {
  if (flags.entryPoint !== undefined && command.length > 0) {
    throw new ClientError('bad-input', 'the command is given twice: by --entry-point and after --. Choose one.');
  }
  if (flags.entryPoint !== undefined) return splitWords(flags.entryPoint);
  return command.length > 0 ? [...command] : undefined;
}

/** The file's spec. Its directory of code counts from where the file is. */
function baseOf({ file }: LaunchRequest): Partial<LaunchSpecInput> {
  if (file === undefined) return {};
  if (file.value === null || typeof file.value !== 'object' || Array.isArray(file.value)) {
    throw new ClientError(
      'bad-input',
      `${file.name} holds no launch: it must be a map, with keys such as queue and entrypoint`,
    );
  }
  const base = file.value as Partial<LaunchSpecInput>;
  const code = base.source?.code as { dir?: unknown } | null | undefined;
  const dir = code?.dir;
  if (typeof dir !== 'string' || isAbsolute(dir)) return base;
  return { ...base, source: { code: { ...base.source?.code, dir: resolve(file.dir, dir) } } };
}
