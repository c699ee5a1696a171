import { latest, mostVersion, versionIn, versionName, type NamedJob } from '../contracts/job-reference.ts';
import { contentDigest, jobRecord, jobTombstone, type JobRecord, type JobTombstone } from '../contracts/job-spec.ts';
import { aliasesOf, changeAliases, readAliases } from './job-aliases.ts';
import { encode, parsed, rejected, unlessDamaged, type JobName } from './job-objects.ts';
import { keyOf } from './layout.ts';
import type { Store } from './store.ts';

/** A version of a job, as it was found and checked. */
export interface JobVersion extends JobName {
  version: number;
  record: JobRecord;
  /** Of its content. */
  digest: string;
}

/** The numbers of a job's versions, ascending, without those that were deleted; none where there is no such job. */
export async function jobVersions(store: Store, job: JobName): Promise<number[]> {
  return (await numbersOf(store, job)).live;
}

/** `last`: that was ever given, -1 where none was. */
async function numbersOf(store: Store, { project, name }: JobName): Promise<{ live: number[]; last: number }> {
  const folder = keyOf.job(project, name);
  const keys = new Set(await store.list(folder));
  const labels = [...keys].flatMap((key) => /^(.+)\.json$/.exec(key.slice(folder.length))?.[1] ?? []);
  const given = labels.flatMap((label) => versionIn(label) ?? []).sort((a, b) => a - b);
  const live = given.filter((version) => !keys.has(keyOf.jobDeletion(project, name, version)));
  return { live, last: given.at(-1) ?? -1 };
}

/** A version by its number, also one that was deleted. @throws RelaunchError LaunchRejected where there is none, or it is no job */
export async function readJobVersion(store: Store, job: JobName, version: number): Promise<JobVersion> {
  const found = await findVersion(store, job, version);
  if (found === undefined) throw rejected(await whyAbsent(store, job, `v${String(version)}`));
  return found;
}

async function findVersion(store: Store, job: JobName, version: number): Promise<JobVersion | undefined> {
  const key = keyOf.jobVersion(job.project, job.name, version);
  const object = await store.get(key);
  if (object === undefined) return undefined;
  const record = parsed(object, jobRecord, `${versionName(job, version)} (${key}) is no job`);
  return { project: job.project, name: job.name, version, record, digest: contentDigest(record.job) };
}

/**
 * What a reference means now. `deletedToo`: for whoever has pinned it before. @throws RelaunchError LaunchRejected where there is no such job,
 * version or alias, or it is no job
 */
export async function findJob(
  store: Store,
  job: NamedJob,
  { deletedToo = false }: { deletedToo?: boolean } = {},
): Promise<JobVersion> {
  const { label } = job;
  const version =
    label === latest ? (await jobVersions(store, job)).at(-1) : (versionIn(label) ?? (await aliased(store, job)));
  if (version === undefined) throw rejected(await whyAbsent(store, job, label));
  if (label !== latest && !deletedToo && (await isDeleted(store, job, version)))
    throw rejected(await whyAbsent(store, job, `v${String(version)}`));
  return readJobVersion(store, job, version);
}

const isDeleted = (store: Store, { project, name }: JobName, version: number): Promise<boolean> =>
  store.has(keyOf.jobDeletion(project, name, version));

async function aliased(store: Store, job: NamedJob): Promise<number | undefined> {
  const aliases = await readAliases(store, job);
  return Object.hasOwn(aliases, job.label) ? aliases[job.label] : undefined;
}

/** A sentence on a version or alias that is not there, with what could have been meant. */
export async function whyAbsent(store: Store, job: JobName, label: string): Promise<string> {
  const named = `job ${job.project}/${job.name}${label === latest ? '' : `:${label}`}`;
  const deletion = await deletionOf(store, job, versionIn(label));
  return `${named} ${deletion ?? `does not exist in ${store.url}`}${await whatThereIs(store, job)}`;
}

async function deletionOf(store: Store, { project, name }: JobName, version = -1): Promise<string | undefined> {
  const object = version < 0 ? undefined : await store.get(keyOf.jobDeletion(project, name, version));
  if (object === undefined) return undefined;
  // Anybody may have written it: what cannot be read is not said.
  const reading = async () => Promise.resolve(parsed(object, jobTombstone, 'it is none'));
  const read = await unlessDamaged(reading());
  if (read === undefined) return 'was deleted';
  return `was deleted at ${read.deletedAt}${read.by === undefined ? '' : ` by ${read.by}`}`;
}

/** For the end of a sentence: what could have been meant. */
async function whatThereIs(store: Store, job: JobName): Promise<string> {
  const live = await jobVersions(store, job);
  const newest = live.at(-1);
  if (newest !== undefined) {
    const aliases = Object.keys(aliasesOf(await readAliases(store, job), live)).sort();
    const words = [`v${String(newest)} (${latest})`, ...aliases];
    return `; of ${job.project}/${job.name} there are versions up to ${words.slice(0, 20).join(', ')}`;
  }
  const names: string[] = [];
  for (const name of await store.folders(keyOf.jobsOf(job.project))) {
    if (names.length === 20) break;
    if ((await jobVersions(store, { project: job.project, name })).length > 0) names.push(name);
  }
  if (names.length > 0) return `; project ${job.project} has: ${names.join(', ')}`;
  return `; project ${job.project} has no jobs: create one with \`relaunch job create\``;
}

/**
 * Adds a version, unless the newest one is the same already. Numbers are consecutive, from 0, however many do this at once: each is
 * written where nothing is. Those of deleted versions stay given.
 */
export async function addVersion(
  store: Store,
  job: JobName,
  record: JobRecord,
): Promise<{ version: number; isNew: boolean }> {
  const digest = contentDigest(record.job);
  const isIt = async (version: number): Promise<boolean> =>
    (await unlessDamaged(findVersion(store, job, version)))?.digest === digest &&
    !(await isDeleted(store, job, version));
  const { live, last } = await numbersOf(store, job);
  const newest = live.at(-1);
  if (newest !== undefined && (await isIt(newest))) return { version: newest, isNew: false };
  for (let version = last + 1; version <= mostVersion; version++) {
    const key = keyOf.jobVersion(job.project, job.name, version);
    if (await store.putIfAbsent(key, encode(record))) return { version, isNew: true };
    if (await isIt(version)) return { version, isNew: false };
  }
  throw rejected(`job ${job.project}/${job.name} cannot have more versions than ${String(mostVersion)}`);
}

/** Deletes versions of a job: their numbers stay given, and what has pinned them keeps them. Aliases that lead to them go. */
export async function deleteVersions(
  store: Store,
  job: JobName,
  versions: readonly number[],
  tombstone: JobTombstone,
): Promise<void> {
  const { project, name } = job;
  for (const version of versions) await store.putIfAbsent(keyOf.jobDeletion(project, name, version), encode(tombstone));
  await unlessDamaged(
    changeAliases(store, job, (aliases) =>
      Object.fromEntries(Object.entries(aliases).filter(([, version]) => !versions.includes(version))),
    ),
  );
}
