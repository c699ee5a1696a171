import { z } from 'zod';

/** Where a repository is, as git is to be told. */
export interface GitRemote {
  scheme: 'https' | 'ssh';
  /** In small letters, with the port where that is not the scheme's own. */
  host: string;
  /** Who speaks to it, over ssh; absent: `git`. */
  user?: string;
  path: string;
}

const host = String.raw`((?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)|\[[0-9A-Fa-f:.]+\])`;
const port = '(?::([0-9]{1,5}))?';
const user = '([A-Za-z0-9._][A-Za-z0-9._-]*)';
const path = '[A-Za-z0-9._~/+%@:=,-]+';

const httpsUrl = new RegExp(`^https://${host}${port}(/${path})$`);
const sshUrl = new RegExp(`^ssh://(?:${user}@)?${host}${port}(/${path})$`);
/** `git@host:path`, as ssh's own copy has it. Without a user it could be `ext::`, or a drive. */
const scpUrl = new RegExp(`^${user}@${host}:((?!-)${path})$`);

const ownPorts: Readonly<Record<GitRemote['scheme'], string>> = { https: '443', ssh: '22' };

/** Undefined: no URL of a repository that may be fetched. Nothing else gets to git: no other protocol, no option, no path, no credentials. */
export function gitRemote(url: string): GitRemote | undefined {
  // What is written as a number of these would come to git, or to the server's shell, as a control character.
  if (url.length > 1_000 || /%([01][0-9a-f]|7f)/i.test(url)) return undefined;
  const https = httpsUrl.exec(url);
  if (https !== null) return remoteOf('https', undefined, https[1], https[2], https[3]);
  const ssh = sshUrl.exec(url);
  if (ssh !== null) return remoteOf('ssh', ssh[1], ssh[2], ssh[3], ssh[4]);
  const scp = scpUrl.exec(url);
  return scp === null ? undefined : remoteOf('ssh', scp[1], scp[2], undefined, scp[3]);
}

function remoteOf(
  scheme: GitRemote['scheme'],
  who: string | undefined,
  name = '',
  number = ownPorts[scheme],
  where = '',
): GitRemote {
  const at = name.toLowerCase() + (number === ownPorts[scheme] ? '' : `:${number}`);
  return { scheme, host: at, ...(who === undefined ? {} : { user: who }), path: where };
}

/** User, password or token, in what is or was to be a URL. */
const withCredentials = /^(https?:\/*[^/]*@|([a-z+]+:\/+)?[^/@]*:[^/@]*@)/i;

const urlRule = 'https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH';

/** Of a repository: {@link gitRemote}. */
export const gitUrl = z
  .string(urlRule)
  .refine(
    (url) => !withCredentials.test(url),
    'a URL without user, password or token: agents have credentials, by host, in their files',
  )
  .refine((url) => withCredentials.test(url) || gitRemote(url) !== undefined, urlRule);

/** What `git check-ref-format` takes, but for what is rare and means something elsewhere. */
export const gitRef = z
  .string('a branch, a tag or a commit')
  .max(200, 'at most 200 characters')
  .regex(
    /^(?![-/.])(?!.*(\.\.|@\{|\/\/|\/\.))[A-Za-z0-9._/+@#=,%-]+(?<![/.])$/,
    'a branch, a tag or a commit such as main, v1.2 or 4f2a9c1',
  );

/** In SHA-1: no server of note has repositories of another kind. */
export const commitId = z.string().regex(/^[0-9a-f]{40}$/, 'the name of a commit, 40 hex digits in small letters');

/** A commit of a repository, packed as it is there: what git itself makes of it (filters, large files elsewhere, ends of lines) is not made. */
export const gitSource = z.strictObject({
  url: gitUrl,
  /** A branch, else a tag of that name; `refs/...`; a commit, in full or its first seven digits or more. Default: `main`, else `master`. */
  ref: gitRef.optional(),
  /** Those of the commit, and theirs, from wherever they are. Default: their directories are missing. */
  submodules: z.boolean().optional(),
  /** What an agent found under `ref`: it is not looked up again. */
  commit: commitId.optional(),
});
export type GitSource = z.output<typeof gitSource>;

/** The same, as an agent has pinned it. */
export const pinnedGit = z.object({
  url: z.string(),
  ref: z.string(),
  submodules: z.boolean().optional(),
  commit: z.string(),
});
export type PinnedGit = z.infer<typeof pinnedGit>;

/** A commit, in the order in which people read it: URL, ref, commit. The ref may be the commit, or its beginning. */
export function gitWords({ url, ref = '', commit = '', submodules }: GitSource): string[] {
  const named = commit.startsWith(ref) ? [] : [ref];
  return [url, ...named, commit, ...(submodules === true ? ['with submodules'] : [])];
}
