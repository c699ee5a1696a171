import type { ContainerCreateOptions } from 'dockerode';
import { jobEnvironment } from '../../../contracts/environment.ts';
import type { Attempt } from '../backend.ts';
import { allLabelsOf } from '../labels.ts';
import { warningText } from '../words.ts';
import { checkpointDir, checkpointMount, checkpointVolume } from './checkpoints.ts';
import { mountedVolume } from '../../images/mounted-source.ts';
import { attemptVolume } from './attempt-volume.ts';
import type { FlagSettings } from './flags/flags.ts';
import type { ContainerSecrets } from './secrets.ts';

/** What follow says in the log before anything else, a line each. */
export const warningLabel = 'relaunch.dev/warning';

/** The log is read as it is written; what a reader that was away for long could not have is bounded by this, for each attempt. */
const logs = { Type: 'json-file', Config: { 'max-size': '64m', 'max-file': '4' } };

/** What a container has that neither run nor queue says. */
interface Around {
  owner: string;
  warnings: readonly string[];
  /** Of code that is mounted. */
  workingDir?: string | undefined;
  secrets?: ContainerSecrets;
}

/** The container of an attempt: the queue's flags, and in them the run. */
export function containerOf(
  attempt: Pick<Attempt, 'ref' | 'plan' | 'agent'>,
  image: string,
  { config, host, env, labels, command }: FlagSettings,
  { owner, warnings, workingDir, secrets }: Around,
): ContainerCreateOptions {
  const { ref, plan } = attempt;
  const checkpoints = checkpointVolume(owner, ref.entity, ref.run);
  const variables = { ...env, ...jobEnvironment({ plan, attempt: ref.attempt, checkpointDir }), ...secrets?.variables };
  return {
    ...config,
    Image: image,
    // That of code is where its own paths count from, whatever the queue says.
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    ...commandOf(plan, command),
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...labels,
      ...allLabelsOf(attempt, owner),
      ...secrets?.labels,
      ...(warnings.length === 0 ? {} : { [warningLabel]: warningText(warnings) }),
    },
    // An engine that is shut down gives its containers this long.
    StopTimeout: Math.ceil(plan.gracePeriodMs / 1_000),
    HostConfig: {
      ...hardening(host),
      ...host,
      LogConfig: logs,
      Mounts: [
        ...(host.Mounts ?? []),
        {
          Type: 'volume',
          Source: checkpoints.name,
          Target: checkpointMount,
          VolumeOptions: { NoCopy: true, Labels: checkpoints.labels, DriverConfig: { Name: '', Options: {} } },
        },
        ...(workingDir === undefined ? [] : [attemptVolume(attempt, owner, 'code', mountedVolume)]),
        ...(secrets?.filling === undefined ? [] : [attemptVolume(attempt, owner, 'secrets', secrets.filling.target)]),
      ],
    },
  };
}

/** An entry point of the run's takes the place of the image's, with its arguments; arguments alone only take the place of those. */
function commandOf(
  { entrypoint, args }: Attempt['plan'],
  command: readonly string[] | undefined,
): Pick<ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  if (entrypoint.length > 0) return { Entrypoint: entrypoint, Cmd: args };
  const words = args.length > 0 ? args : command;
  return words === undefined ? {} : { Cmd: [...words] };
}

/** Unless the queue says otherwise, nothing in a job gets more rights than it starts with. Images of all kinds run as root and change owners: capabilities stay as the engine has them. */
function hardening({ SecurityOpt, Privileged }: FlagSettings['host']): FlagSettings['host'] {
  return SecurityOpt === undefined && Privileged !== true ? { SecurityOpt: ['no-new-privileges'] } : {};
}
