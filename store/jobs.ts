import type { z } from 'zod';
import { RelaunchError } from '../contracts/failures.ts';
import { latest, mostVersion, versionIn, versionName, type NamedJob } from '../contracts/job-reference.ts';
import { contentDigest, jobAliases, jobRecord, type JobAliases, type JobRecord } from '../contracts/job-spec.ts';
import { readSpec } from '../contracts/read-spec.ts';
import { keyOf } from './layout.ts';
import type { Store, StoredObject } from './store.ts';

/** Which job, of whichever version. */
export type JobName = Pick<NamedJob, 'project' | 'name'>;

/** A version of a job, as it was found and checked. */
export interface JobVersion extends JobName {
  version: number;
  record: JobRecord;
  /** Of its content. */
  digest: string;
}

/** Far more than a spec may have: what is larger is not even parsed. */
const mostBytes = 2_000_000;

const encode = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);

/** The numbers of a job's versions, ascending; none where there is no such job. */
export async function jobVersions(store: Store, { project, name }: JobName): Promise<number[]> {
  const folder = keyOf.job(project, name);
  const labels = (await store.list(folder)).flatMap((key) => /^(.+)\.json$/.exec(key.slice(folder.length))?.[1] ?? []);
  return labels.flatMap((label) => versionIn(label) ?? []).sort((a, b) => a - b);
}

/** What the aliases of a job lead to. Without `latest`, which is the newest version. @throws RelaunchError LaunchRejected where they are damaged */
export async function readAliases(store: Store, job: JobName): Promise<JobAliases> {
  return (await findAliases(store, job)).aliases;
}

async function findAliases(
  store: Store,
  { project, name }: JobName,
): Promise<{ key: string; aliases: JobAliases; etag: string | undefined }> {
  const key = keyOf.jobAliases(project, name);
  const object = await store.get(key);
  if (object === undefined) return { key, aliases: {}, etag: undefined };
  const aliases = parsed(object, jobAliases, `the aliases of job ${project}/${name} (${key}) are none`);
  return { key, aliases, etag: object.etag };
}

/** A version by its number. @throws RelaunchError LaunchRejected where there is none, or it is no job */
export async function readJobVersion(store: Store, job: JobName, version: number): Promise<JobVersion> {
  const found = await findVersion(store, job, version);
  if (found !== undefined) return found;
  throw rejected(`job ${versionName(job, version)} does not exist in ${store.url}${await whatThereIs(store, job)}`);
}

async function findVersion(store: Store, job: JobName, version: number): Promise<JobVersion | undefined> {
  const key = keyOf.jobVersion(job.project, job.name, version);
  const object = await store.get(key);
  if (object === undefined) return undefined;
  const record = parsed(object, jobRecord, `${versionName(job, version)} (${key}) is no job`);
  return { project: job.project, name: job.name, version, record, digest: contentDigest(record.job) };
}

/** What a reference means now. @throws RelaunchError LaunchRejected where there is no such job, version or alias, or it is no job */
export async function findJob(store: Store, job: NamedJob): Promise<JobVersion> {
  const { label } = job;
  const given = versionIn(label);
  if (given !== undefined) return readJobVersion(store, job, given);
  const version = label === latest ? (await jobVersions(store, job)).at(-1) : await aliased(store, job);
  if (version !== undefined) return readJobVersion(store, job, version);
  const alias = label === latest ? '' : `:${label}`;
  throw rejected(
    `job ${job.project}/${job.name}${alias} does not exist in ${store.url}${await whatThereIs(store, job)}`,
  );
}

async function aliased(store: Store, job: NamedJob): Promise<number | undefined> {
  const aliases = await readAliases(store, job);
  return Object.hasOwn(aliases, job.label) ? aliases[job.label] : undefined;
}

/** For the end of a sentence: what could have been meant. */
async function whatThereIs(store: Store, job: JobName): Promise<string> {
  const newest = (await jobVersions(store, job)).at(-1);
  if (newest !== undefined) {
    const words = [`v${String(newest)} (${latest})`, ...Object.keys(await readAliases(store, job)).sort()];
    return `; of ${job.project}/${job.name} there are versions up to ${words.slice(0, 20).join(', ')}`;
  }
  const names = await store.folders(keyOf.jobsOf(job.project));
  if (names.length > 0) return `; project ${job.project} has: ${names.slice(0, 20).join(', ')}`;
  return `; project ${job.project} has no jobs: create one with \`relaunch job create\``;
}

/**
 * Adds a version, unless the newest one is the same already. Numbers are consecutive, from 0, however many do this at once: each is
 * written where nothing is.
 */
export async function addVersion(
  store: Store,
  job: JobName,
  record: JobRecord,
): Promise<{ version: number; isNew: boolean }> {
  const digest = contentDigest(record.job);
  for (let version = (await jobVersions(store, job)).at(-1) ?? 0; version <= mostVersion; version++) {
    const key = keyOf.jobVersion(job.project, job.name, version);
    if (await store.putIfAbsent(key, encode(record))) return { version, isNew: true };
    const there = await unlessDamaged(findVersion(store, job, version));
    if (there?.digest === digest) return { version, isNew: false };
  }
  throw rejected(`job ${job.project}/${job.name} cannot have more versions than ${String(mostVersion)}`);
}

/** What was read; undefined where it is no job, or are no aliases. */
export async function unlessDamaged<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof RelaunchError && error.type === 'LaunchRejected') return undefined;
    throw error;
  }
}

/** Has aliases lead to a version, whatever they led to. Those that others move at the same time stay moved. */
export async function moveAliases(
  store: Store,
  job: JobName,
  names: readonly string[],
  version: number,
): Promise<void> {
  if (names.length === 0) return;
  const moved = Object.fromEntries(names.map((name) => [name, version]));
  for (;;) {
    const { key, aliases, etag } = await findAliases(store, job);
    if (names.every((name) => aliases[name] === version)) return;
    const bytes = encode({ ...aliases, ...moved });
    if (etag === undefined ? await store.putIfAbsent(key, bytes) : await store.replaceIfMatch(key, bytes, etag)) return;
  }
}

function parsed<T>({ bytes }: StoredObject, schema: z.ZodType<T>, wrong: string): T {
  if (bytes.byteLength > mostBytes) throw rejected(`${wrong}: it has more than ${String(mostBytes)} bytes`);
  const read = readSpec(schema, jsonOf(bytes, wrong));
  if ('spec' in read) return read.spec;
  throw rejected(`${wrong}: ${read.wrong.split('\n').slice(0, 3).join('; ')}`);
}

function jsonOf(bytes: Uint8Array, wrong: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new RelaunchError('LaunchRejected', `${wrong}: it is not JSON`, { cause });
  }
}

const rejected = (message: string): RelaunchError => new RelaunchError('LaunchRejected', message);
