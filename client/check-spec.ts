import { RelaunchError } from '../contracts/failures.ts';
import { fieldIssue, fieldIssues, formatIssues, type FieldIssue } from '../contracts/issues.ts';
import { launchSpec, type LaunchSpec, type LaunchSpecInput } from '../contracts/launch-spec.ts';
import { mergeLimits } from '../contracts/merge.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';

/** What of a spec can be told without its queue. @throws RelaunchError LaunchRejected with every wrong field: path, value, rule */
export function checkSpec(input: LaunchSpecInput): LaunchSpec {
  const parsed = launchSpec.safeParse(input);
  const issues = parsed.success ? sourceIssues(parsed.data) : fieldIssues(parsed.error, input);
  if (issues.length > 0 || parsed.data === undefined) throw rejected(issues);
  return parsed.data;
}

/** Whether the queue allows it. The agent checks again: neither this nor the history is trusted. @throws RelaunchError LaunchRejected */
export function checkBounds(spec: LaunchSpec, queue: QueueSpec): void {
  const { issues } = mergeLimits(spec, queue);
  if (issues.length > 0) throw rejected(issues);
}

function sourceIssues(spec: LaunchSpec): FieldIssue[] {
  const { dir, digest } = spec.source.code;
  if (dir !== undefined || digest !== undefined) return [];
  return [fieldIssue(['source', 'code', 'dir'], spec, 'a directory of code')];
}

function rejected(issues: readonly FieldIssue[]): RelaunchError {
  return new RelaunchError('LaunchRejected', `the launch was refused, nothing was started:\n${formatIssues(issues)}`);
}
