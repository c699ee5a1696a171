import { projectIn } from '../contracts/job-reference.ts';
import type { JobSpec } from '../contracts/job-spec.ts';
import type { LaunchSpec } from '../contracts/launch-spec.ts';
import { inputsIssues } from '../contracts/merge-job.ts';
import { jobLaunch } from '../store/job-launch.ts';
import { refuseAny } from './check-spec.ts';
import type { Relaunch } from './connect.ts';
import { whenReadable } from './when-readable.ts';

/** The project of a launch that names none, where its job's reference does: that one. */
export function jobsProject({ source }: LaunchSpec, project: string | undefined): { project?: string } {
  const its = source.job === undefined || project !== undefined ? undefined : projectIn(source.job.name);
  return its === undefined ? {} : { project: its };
}

/**
 * Checks a launch against its job, if it has one, and where that can be read from here; whether its configuration lacks something is not
 * told without the queue. Answers it with what the job says, the job, and what is left to the agents, in words.
 * @throws RelaunchError LaunchRejected where there is no such job; with every wrong field
 */
export async function withJob(
  { store }: Relaunch,
  spec: LaunchSpec,
): Promise<{ launched: LaunchSpec; job: JobSpec | undefined; notes: string[] }> {
  let launched = spec;
  let job: JobSpec | undefined;
  if (spec.source.job === undefined) return { launched, job, notes: [] };
  const notes = await whenReadable(store, { what: 'jobs', check: 'this against its job' }, async () => {
    const found = await jobLaunch(store, spec);
    job = found.job?.record.job;
    launched = found.spec;
    refuseAny([...found.issues, ...(job === undefined ? [] : inputsIssues(job, launched, { isWhole: false }))]);
  });
  return { launched, job, notes };
}
