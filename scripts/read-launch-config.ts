import { formatIssues } from '../contracts/issues.ts';
import { launchConfigOf, type LaunchConfig } from '../contracts/wandb-launch.ts';
import { ClientError } from '../client/index.ts';
import type { Input } from './read-input.ts';

/** What `--config` says. @throws ClientError bad-input with every wrong field */
export function readLaunchConfig({ value, name }: Pick<Input, 'value' | 'name'>): LaunchConfig {
  const read = launchConfigOf(value);
  if ('spec' in read) return read;
  throw new ClientError('bad-input', `--config ${name} is none of W&B's:\n${formatIssues(read.issues)}`);
}
