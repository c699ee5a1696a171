import { fieldIssue, type FieldIssue } from '../contracts/issues.ts';
import { namedJob, versionName } from '../contracts/job-reference.ts';
import type { LaunchSpec } from '../contracts/launch-spec.ts';
import { mergeJob } from '../contracts/merge-job.ts';
import { splitImage } from '../contracts/source.ts';
import { findJob, type JobVersion } from './jobs.ts';
import type { Store } from './store.ts';

/** What is launched, and the version of the job that it is one of. */
export interface JobLaunch {
  spec: LaunchSpec;
  job: JobVersion | undefined;
  issues: FieldIssue[];
}

/**
 * A launch with what its job says where it says nothing itself; one without a job as it is. Whether its configuration is one of the job's is
 * told when the queue has had its say. @throws RelaunchError LaunchRejected where there is no such job, or it is none
 */
export async function jobLaunch(store: Store, spec: LaunchSpec): Promise<JobLaunch> {
  const { job: asked } = spec.source;
  if (asked === undefined) return { spec, job: undefined, issues: [] };
  // What a sweep began with, all of its trials have.
  const job = await findJob(store, namedJob(asked.name, spec.project), { deletedToo: asked.digest !== undefined });
  const merged = mergeJob(spec, job.record.job);
  const issues: FieldIssue[] = [];
  const refuse = (field: string, rule: string) => issues.push(fieldIssue(['source', 'job', field], spec, rule));
  if (asked.digest !== undefined && asked.digest !== job.digest) {
    refuse('digest', `${versionName(job, job.version)} is another by now: ${job.digest}`);
  }
  if (asked.image === undefined) return { spec: merged, job, issues };
  const { image } = job.record.job.source;
  if (image === undefined || splitImage(image).repository !== splitImage(asked.image).repository) {
    refuse('image', `${versionName(job, job.version)} is ${image === undefined ? 'no image' : `one of ${image}`}`);
  }
  return { spec: { ...merged, source: { image: asked.image } }, job, issues };
}
