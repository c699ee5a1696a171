import type { FieldIssue } from '../contracts/issues.ts';
import { projectIn } from '../contracts/job-reference.ts';
import type { LaunchSpec } from '../contracts/launch-spec.ts';
import { jobLaunch } from '../store/job-launch.ts';
import type { JobVersion } from '../store/jobs.ts';
import { refuseAny } from './check-spec.ts';
import type { Relaunch } from './connect.ts';
import { whenReadable } from './when-readable.ts';

/** The project of a launch that names none, where its job's reference does: that one. */
export function jobsProject({ source }: LaunchSpec, project: string | undefined): { project?: string } {
  const its = source.job === undefined || project !== undefined ? undefined : projectIn(source.job.name);
  return its === undefined ? {} : { project: its };
}

/**
 * Checks a launch against its job, if it has one, and where that can be read from here. Answers it with what the job says, and what is left
 * to the agents, in words. `trials`: those of a sweep, for what only these tell. @throws RelaunchError LaunchRejected where there is no such job; with every wrong field
 */
export async function withJob(
  { store }: Relaunch,
  spec: LaunchSpec,
  trials?: (job: JobVersion) => FieldIssue[],
): Promise<{ launched: LaunchSpec; notes: string[] }> {
  let launched = spec;
  if (spec.source.job === undefined) return { launched, notes: [] };
  const notes = await whenReadable(store, { what: 'jobs', check: 'this against its job' }, async () => {
    const { spec: merged, job, issues } = await jobLaunch(store, spec, { isWhole: trials === undefined });
    refuseAny(job === undefined || trials === undefined ? issues : [...issues, ...trials(job)]);
    launched = merged;
  });
  return { launched, notes };
}
