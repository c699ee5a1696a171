import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RelaunchError } from '../contracts/failures.ts';
import { commitIn, refNames, refsIn } from '../contracts/git-refs.ts';
import { commitId, gitRemote, type GitSource } from '../contracts/git-source.ts';

/** The server is asked by whoever is here, with the credentials that their git has. */
const patienceMs = 60_000;

/**
 * A commit as it is now, by the user's own git: what is named by all of its digits is not looked up.
 * @throws RelaunchError LaunchRejected where there is none, or nobody here can tell
 */
export async function commitNow(source: GitSource): Promise<GitSource> {
  const { url, ref, commit } = source;
  if (commit !== undefined) return { ...source, ref: ref ?? commit };
  if (ref !== undefined && commitId.safeParse(ref).success) return { ...source, commit: ref };
  const found = commitIn(await refsOf(url, refNames(ref)), ref);
  if (found !== undefined) return { ...source, ...found };
  const rule =
    ref === undefined
      ? `${url} has neither a branch main nor master: name one (-g)`
      : `${url} has no such branch or tag; a commit is named by all of its 40 digits`;
  throw new RelaunchError(
    'LaunchRejected',
    ref === undefined ? rule : `source.git.ref is ${JSON.stringify(ref)}: ${rule}`,
  );
}

async function refsOf(url: string, names: readonly string[]): Promise<Map<string, string>> {
  const { scheme } = gitRemote(url) ?? { scheme: 'https' };
  const only = ['-c', 'protocol.allow=never', '-c', `protocol.${scheme}.allow=always`];
  const { stdout } = await promisify(execFile)('git', [...only, 'ls-remote', '--', url, ...names], {
    timeout: patienceMs,
  }).catch((cause: unknown) => {
    throw new RelaunchError('LaunchRejected', `${url} cannot be asked for its commit: ${whyNot(cause)}`, { cause });
  });
  return new Map([...refsIn(stdout)].filter(([, object]) => commitId.safeParse(object).success));
}

/** What git says last is why. */
function whyNot(cause: unknown): string {
  const { code, killed, stderr = '' } = cause as { code?: unknown; killed?: boolean; stderr?: string };
  const other = 'name the commit by all of its 40 digits (-g)';
  if (code === 'ENOENT') return `there is no git on this machine; ${other}`;
  if (killed === true) return `no answer within ${String(patienceMs / 1_000)} s; ${other}`;
  const said = stderr.split('\n').flatMap((line) => line.trim() || []);
  return `git says ${JSON.stringify(said.find((line) => line.startsWith('fatal:')) ?? said.at(-1) ?? '')}; ${other}`;
}
