import { commitIn, refNames } from '../../../contracts/git-refs.ts';
import { commitId } from '../../../contracts/git-source.ts';
import { rejectedSource } from './failures.ts';
import type { GitRepository } from './repository.ts';

const isWhole = (ref: string): boolean => commitId.safeParse(ref).success;

/** With fewer digits many a word would be one. */
const isAbbreviated = (ref: string): boolean => /^[0-9a-f]{7,39}$/.test(ref);

/**
 * The commit that a ref is on the server now, and the ref, which may not be given: {@link GitSource}. `history`: another repository, for all
 * that was before. @throws RelaunchError LaunchRejected where there is none
 */
export async function findCommit(
  repository: GitRepository,
  ref: string | undefined,
  history: () => Promise<GitRepository>,
): Promise<{ ref: string; commit: string }> {
  if (ref !== undefined && isWhole(ref)) return { ref, commit: ref };
  const found = commitIn(await repository.refs(refNames(ref)), ref);
  if (found !== undefined) return found;
  if (ref === undefined)
    throw rejectedSource(`${repository.url} has neither a branch main nor master: name one by source.git.ref (-g)`);
  const commit = isAbbreviated(ref) ? await abbreviated(await history(), ref) : undefined;
  if (commit !== undefined) return { ref, commit };
  throw rejectedSource(`source.git.ref is ${JSON.stringify(ref)}: ${repository.url} has no such branch, tag or commit`);
}

async function abbreviated(history: GitRepository, ref: string): Promise<string | undefined> {
  await history.fetchHistory('commits');
  return history.commitOf(ref);
}
