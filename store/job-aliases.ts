import { isDeepStrictEqual } from 'node:util';
import { jobAliases, type JobAliases } from '../contracts/job-spec.ts';
import { encode, parsed, type JobName } from './job-objects.ts';
import { keyOf } from './layout.ts';
import type { Store } from './store.ts';

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

/** Of aliases those that lead to one of these versions: the others have lost theirs. */
export const aliasesOf = (aliases: JobAliases, versions: readonly number[]): JobAliases =>
  Object.fromEntries(Object.entries(aliases).filter(([, version]) => versions.includes(version)));

/** Has aliases lead to a version, whatever they led to. Those that others move at the same time stay moved. */
export async function moveAliases(
  store: Store,
  job: JobName,
  names: readonly string[],
  version: number,
): Promise<void> {
  if (names.length === 0) return;
  const moved = Object.fromEntries(names.map((name) => [name, version]));
  await changeAliases(store, job, (aliases) => ({ ...aliases, ...moved }));
}

/** Changes them by compare-and-swap: `change` may be asked more than once. */
export async function changeAliases(
  store: Store,
  job: JobName,
  change: (aliases: JobAliases) => JobAliases,
): Promise<void> {
  for (;;) {
    const { key, aliases, etag } = await findAliases(store, job);
    const changed = change(aliases);
    if (isDeepStrictEqual(aliases, changed)) return;
    const bytes = encode(changed);
    if (etag === undefined ? await store.putIfAbsent(key, bytes) : await store.replaceIfMatch(key, bytes, etag)) return;
  }
}

/** Deletes an alias: the version that it leads to stays. */
export const deleteAlias = (store: Store, job: JobName, alias: string): Promise<void> =>
  changeAliases(store, job, ({ [alias]: _, ...others }) => others);
