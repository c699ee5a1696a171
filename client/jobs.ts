import { z } from 'zod';
import { RelaunchError } from '../contracts/failures.ts';
import { jobReference, jobWord, namedJob, versionName, type NamedJob } from '../contracts/job-reference.ts';
import {
  defaultJobName,
  jobAlias,
  jobSpec,
  type JobAliases,
  type JobSpec,
  type JobSpecInput,
} from '../contracts/job-spec.ts';
import { defaultProject, plainText } from '../contracts/launch-spec.ts';
import { readSpec } from '../contracts/read-spec.ts';
import { splitImage } from '../contracts/source.ts';
import { aliasesOf, moveAliases, readAliases } from '../store/job-aliases.ts';
import { unlessDamaged, type JobName } from '../store/job-objects.ts';
import { addVersion, findJob, jobVersions, readJobVersion, type JobVersion } from '../store/jobs.ts';
import { keyOf } from '../store/layout.ts';
import type { Store } from '../store/store.ts';
import { commitNow } from './git-commit.ts';
import { upload } from './upload.ts';

const naming = z.strictObject({
  project: jobWord.default(defaultProject),
  /** Default: `job-<image>`, `job-code-<directory>`, `job-<repository>_<script>`. */
  name: jobWord.optional(),
  /** Lead to this version from now on, whatever they led to. The tag of an image is one by itself. */
  aliases: z.array(jobAlias).default([]),
  description: plainText(1_000).optional(),
  /** Who creates it. */
  user: plainText(128).optional(),
});
export type JobNaming = z.input<typeof naming>;

/** A version of a job, as it is called after its creation. */
export interface CreatedJob extends JobName {
  /** `vision/digits:v3` */
  id: string;
  version: number;
  /** False: the newest version had this content already. */
  isNew: boolean;
  /** Those that lead to it now, of those that were asked for. */
  aliases: string[];
  /** What was asked for and not done, in words. */
  notes: string[];
}

/**
 * Creates a job, or the next version of one, unless the newest has the same content; uploads its code once, and asks a repository which
 * commit a ref is. However many do this at once, versions are consecutive. @throws RelaunchError LaunchRejected with every wrong field
 */
export async function createJob(store: Store, input: JobSpecInput, options: JobNaming = {}): Promise<CreatedJob> {
  const spec = readSpec(jobSpec, input);
  const named = readSpec(naming, options);
  if ('wrong' in spec || 'wrong' in named) {
    throw refused([spec, named].flatMap((read) => ('wrong' in read ? [read.wrong] : [])).join('\n'));
  }
  const { code } = spec.spec.source;
  if (code !== undefined && code.dir === undefined && code.digest === undefined)
    throw refused('source.code.dir is missing: a directory of code');
  const { project, name = defaultJobName(spec.spec), description, user } = named.spec;
  const tag = tagOf(spec.spec);
  const aliases = [...new Set([...named.spec.aliases, ...tag.aliases])];
  const job: JobSpec = { ...spec.spec, source: await pinned(store, spec.spec.source) };
  const { version, isNew } = await addVersion(
    store,
    { project, name },
    {
      job,
      ...(description === undefined ? {} : { description }),
      ...(user === undefined ? {} : { by: user }),
      createdAt: new Date().toISOString(),
    },
  );
  await moveAliases(store, { project, name }, aliases, version);
  return { id: versionName({ project, name }, version), project, name, version, isNew, aliases, notes: tag.notes };
}

/** What moves is what it is now. */
async function pinned(store: Store, source: JobSpec['source']): Promise<JobSpec['source']> {
  if (source.git !== undefined) return { git: await commitNow(source.git) };
  const { code } = await upload({ store }, source);
  return code === undefined ? source : { code };
}

/** An image's tag, where it can be an alias. */
function tagOf({ source: { image = '' } }: JobSpec): { aliases: string[]; notes: string[] } {
  const { tag } = splitImage(image);
  if (tag === undefined || tag === 'latest') return { aliases: [], notes: [] };
  if (jobAlias.safeParse(tag).success) return { aliases: [tag], notes: [] };
  return { aliases: [], notes: [`the image's tag ${tag} is no alias of the job: it is how a version is called`] };
}

/** A job, at a glance. */
export interface JobRow extends JobName {
  /** Of its newest version. */
  newest: number;
  versions: number;
  /** Undefined: they are damaged. */
  aliases: JobAliases | undefined;
}

/** The jobs of a project, or of all. */
export async function listJobs(store: Store, { project }: { project?: string | undefined } = {}): Promise<JobRow[]> {
  const projects = project === undefined ? await store.folders(keyOf.jobs) : [checked('project', jobWord, project)];
  const jobs: JobName[] = [];
  for (const each of projects.filter(isWord))
    jobs.push(...(await store.folders(keyOf.jobsOf(each))).filter(isWord).map((name) => ({ project: each, name })));
  const rows: JobRow[] = [];
  for (const job of jobs) {
    const versions = await jobVersions(store, job);
    const newest = versions.at(-1);
    if (newest === undefined) continue;
    rows.push({ ...job, newest, versions: versions.length, aliases: await aliasesNow(store, job, versions) });
  }
  return rows;
}

/** Undefined where they are damaged. */
async function aliasesNow(store: Store, job: JobName, versions: readonly number[]): Promise<JobAliases | undefined> {
  const aliases = await unlessDamaged(readAliases(store, job));
  return aliases && aliasesOf(aliases, versions);
}

const isWord = (name: string): boolean => jobWord.safeParse(name).success;

/** A job with its versions. */
export interface JobView extends JobVersion {
  aliases: JobAliases | undefined;
  newest: number;
  /** The newest first, at most {@link mostShown}; without `record` where it is damaged. */
  versions: ({ version: number } & Partial<Pick<JobVersion, 'record' | 'digest'>>)[];
}

const mostShown = 20;

/** A job, the version that a reference means, and what other versions there are. @throws RelaunchError LaunchRejected where there is none */
export async function describeJob(store: Store, reference: string, project = defaultProject): Promise<JobView> {
  const job = checkedJob(reference, project);
  const found = await findJob(store, job);
  const numbers = (await jobVersions(store, job)).reverse();
  const versions = numbers.slice(0, mostShown).map(async (version) => {
    const { record, digest } = (await unlessDamaged(readJobVersion(store, job, version))) ?? {};
    return record === undefined || digest === undefined ? { version } : { version, record, digest };
  });
  return {
    ...found,
    aliases: await aliasesNow(store, job, numbers),
    newest: numbers[0] ?? found.version,
    versions: await Promise.all(versions),
  };
}

/** What a reference says. @throws RelaunchError LaunchRejected where it says nothing */
export const checkedJob = (reference: string, project: string): NamedJob =>
  namedJob(checked('job', jobReference, reference), checked('project', jobWord, project));

function checked(field: string, schema: z.ZodType<string>, value: string): string {
  const read = readSpec(z.object({ [field]: schema }), { [field]: value });
  if ('spec' in read) return value;
  throw new RelaunchError('LaunchRejected', read.wrong);
}

const refused = (wrong: string): RelaunchError =>
  new RelaunchError('LaunchRejected', `the job was refused, nothing was created:\n${wrong}`);
