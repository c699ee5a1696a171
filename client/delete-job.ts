import { RelaunchError } from '../contracts/failures.ts';
import { labelIn, latest, versionIn } from '../contracts/job-reference.ts';
import { defaultProject } from '../contracts/launch-spec.ts';
import { aliasesOf, deleteAlias, readAliases } from '../store/job-aliases.ts';
import { unlessDamaged, type JobName } from '../store/job-objects.ts';
import { deleteVersions, jobVersions, whyAbsent } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { ClientError } from './errors.ts';
import { checkedJob } from './jobs.ts';

/** What a deletion takes: versions, and the aliases that lead to them; or an alias alone. */
export interface JobDeletion extends JobName {
  versions: number[];
  aliases: string[];
}

/**
 * What `[project/]name` (all of its versions), `...:vN` (that one) or `...:alias` (the alias; its version stays) would take now.
 * @throws ClientError job-not-found; RelaunchError LaunchRejected where the reference is none, or `latest`
 */
export async function jobDeletion(store: Store, reference: string, project = defaultProject): Promise<JobDeletion> {
  const { label: _, ...job } = checkedJob(reference, project);
  const label = labelIn(reference);
  if (label === latest) {
    const rule = `${latest} is the newest version, whichever that is: name one by its number, or none for all`;
    throw new RelaunchError('LaunchRejected', `job is ${JSON.stringify(reference)}: ${rule}`);
  }
  const live = await jobVersions(store, job);
  const version = label === undefined ? undefined : versionIn(label);
  if (label !== undefined && version === undefined) {
    if (Object.hasOwn(await readAliases(store, job), label)) return { ...job, versions: [], aliases: [label] };
    throw await notFound(store, job, label);
  }
  const versions = version === undefined ? live : live.filter((one) => one === version);
  if (versions.length === 0) throw await notFound(store, job, label);
  const aliases = aliasesOf((await unlessDamaged(readAliases(store, job))) ?? {}, versions);
  return { ...job, versions, aliases: Object.keys(aliases) };
}

const notFound = async (store: Store, job: JobName, label: string = latest): Promise<ClientError> =>
  new ClientError('job-not-found', await whyAbsent(store, job, label));

/**
 * Deletes that, and no version that came meanwhile. Numbers are never given again; runs, and trials of sweeps that have begun, keep what they
 * pinned. It does not matter who else has deleted some of it. `user`: who does.
 */
export async function deleteJob(
  store: Store,
  { versions, aliases, ...job }: JobDeletion,
  { user }: { user?: string | undefined } = {},
): Promise<void> {
  if (versions.length === 0) for (const alias of aliases) await deleteAlias(store, job, alias);
  else {
    const by = user === undefined ? {} : { by: user };
    await deleteVersions(store, job, versions, { ...by, deletedAt: new Date().toISOString() });
  }
}
