import { RelaunchError } from '../contracts/failures.ts';
import { fieldIssue, formatIssues, type FieldIssue } from '../contracts/issues.ts';
import { launchSpec, type LaunchSpec, type LaunchSpecInput } from '../contracts/launch-spec.ts';
import { mergeQueue, type Asked } from '../contracts/merge-queue.ts';
import { readSpec } from '../contracts/read-spec.ts';
import { mergeVariables } from '../contracts/secret-reference.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';

/** What of a spec can be told without its queue. @throws RelaunchError LaunchRejected with every wrong field: path, value, rule */
export function checkSpec(input: LaunchSpecInput): LaunchSpec {
  const read = readSpec(launchSpec, input);
  if ('wrong' in read) throw rejected(read.wrong);
  refuseAny(sourceIssues(read.spec));
  return read.spec;
}

/** A launch with what its queue says, if that allows it. The agent checks again: neither this nor the history is trusted. @throws RelaunchError LaunchRejected */
export function checkBounds(asked: Asked, queue: QueueSpec): LaunchSpec {
  const { spec, issues } = mergeQueue(asked, queue);
  refuseAny([...issues, ...mergeVariables(asked.spec, queue).issues]);
  return spec;
}

function sourceIssues(spec: LaunchSpec): FieldIssue[] {
  const { code } = spec.source;
  if (code === undefined || code.dir !== undefined || code.digest !== undefined) return [];
  return [fieldIssue(['source', 'code', 'dir'], spec, 'a directory of code')];
}

/** @throws RelaunchError LaunchRejected with each issue, if there is one */
export function refuseAny(issues: readonly FieldIssue[]): void {
  if (issues.length > 0) throw rejected(formatIssues(issues));
}

function rejected(wrong: string): RelaunchError {
  return new RelaunchError('LaunchRejected', `the launch was refused, nothing was started:\n${wrong}`);
}
