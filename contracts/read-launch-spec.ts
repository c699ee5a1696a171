import { fieldIssues, formatIssues } from './issues.ts';
import { launchSpec, type LaunchSpec } from './launch-spec.ts';
import { unfitness } from './unfit-input.ts';

/** A spec that anybody may have written; else what is wrong with it, every field with its value and rule. */
export function readLaunchSpec(input: unknown): { spec: LaunchSpec } | { wrong: string } {
  const unfit = unfitness(input);
  if (unfit !== undefined) return { wrong: unfit };
  const parsed = launchSpec.safeParse(input);
  return parsed.success ? { spec: parsed.data } : { wrong: formatIssues(fieldIssues(parsed.error, input)) };
}
