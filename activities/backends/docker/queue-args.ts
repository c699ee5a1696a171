import { RelaunchError } from '../../../contracts/failures.ts';
import { argsIssues } from '../args-issues.ts';
import type { FlagSettings } from './flags/flags.ts';
import { readQueueFlags } from './flags/read-flags.ts';

/** What is wrong with `resourceArgs.docker`, a sentence for each flag; empty: nothing. */
export function checkDockerArgs(args: unknown): string[] {
  const read = readQueueFlags(args ?? {});
  return 'issues' in read ? argsIssues('docker', read.issues) : [];
}

/** @throws RelaunchError AttemptRefused where the queue's flags are not valid */
export function parseDockerArgs(args: unknown): FlagSettings {
  const read = readQueueFlags(args ?? {});
  if ('settings' in read) return read.settings;
  throw new RelaunchError('AttemptRefused', argsIssues('docker', read.issues).join('\n'));
}
