import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RelaunchError } from '../../../contracts/failures.ts';
import { refsIn } from '../../../contracts/git-refs.ts';
import { gitRemote, type GitRemote } from '../../../contracts/git-source.ts';
import { inMebibytes } from '../../../store/code-files.ts';
import { accessTo, type Access, type GitSettings } from './access.ts';
import { failureOf, rejectedSource } from './failures.ts';
import { git, GitFailed, text, type GitCall } from './git-process.ts';
import { configFor, environmentFor } from './hardening.ts';

export interface GitLimits {
  /** One call of git. */
  timeoutMs: number;
  /** What comes over the network, for one repository. */
  maxPackBytes: number;
}

/** What repositories have in common. */
export interface Fetching {
  settings: GitSettings;
  limits: GitLimits;
  signal: AbortSignal;
}

/** Within the directory. */
const place = 'repository';

/** As `git init` makes it, without its template. @see https://git-scm.com/docs/gitrepository-layout */
async function makeEmpty(path: string): Promise<void> {
  for (const directory of ['objects', 'refs']) await mkdir(join(path, directory), { recursive: true });
  await writeFile(join(path, 'HEAD'), 'ref: refs/heads/main\n');
  await writeFile(join(path, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
}

/**
 * Somebody's repository, as far as it was fetched: objects in a directory of its own, and never a file of what is in it. Git is told
 * everything that it may read: no configuration of this machine or user, no protocol but the URL's, no hook, no question.
 */
export class GitRepository {
  readonly url: string;
  readonly #remote: GitRemote;
  readonly #access: Access;
  readonly #directory: string;
  readonly #limits: GitLimits;
  readonly #path: string;
  readonly #signal: AbortSignal;

  private constructor(url: string, remote: GitRemote, access: Access, directory: string, fetching: Fetching) {
    this.url = url;
    this.#remote = remote;
    this.#access = access;
    this.#directory = directory;
    this.#limits = fetching.limits;
    this.#path = fetching.settings.env['PATH'] ?? '/usr/bin:/bin';
    this.#signal = fetching.signal;
  }

  /** An empty one, for a URL that {@link gitRemote} takes. `directory` is made, for it alone. @throws RelaunchError as {@link accessTo} */
  static async open(url: string, directory: string, fetching: Fetching): Promise<GitRepository> {
    const remote = gitRemote(url);
    if (remote === undefined) throw new TypeError('a URL that was checked');
    await mkdir(directory, { mode: 0o700 });
    const access = await accessTo(remote, fetching.settings, directory);
    const repository = new GitRepository(url, remote, access, directory, fetching);
    await makeEmpty(join(directory, place));
    return repository;
  }

  /** What the server has under these patterns: names of refs with their objects. @throws RelaunchError */
  async refs(patterns: readonly string[]): Promise<Map<string, string>> {
    return refsIn(await text(this.read(['ls-remote', '--quiet', '--end-of-options', this.url, ...patterns])));
  }

  /** Fetches one commit, without what was before it; from servers that do not give out any, with all that they have. @throws RelaunchError */
  async fetch(commit: string): Promise<void> {
    try {
      await this.#fetch(['--depth=1'], [commit]);
    } catch (error) {
      const said = error instanceof GitFailed ? error.said : '';
      if (said.includes('not our ref')) throw this.#noCommit(commit);
      // Older servers, and those of JGit, give out what a branch or tag is, and nothing else.
      if (!/unadvertised object|want \S+ not valid/.test(said)) throw await this.#fetchFailure(error);
      await this.fetchHistory();
    }
  }

  /** Fetches branches and tags with all that was before them; `commits`: without their files, if the server can do that. @throws RelaunchError */
  async fetchHistory(what?: 'commits'): Promise<void> {
    const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    try {
      await this.#fetch(what === 'commits' ? ['--filter=tree:0'] : [], all);
    } catch (error) {
      throw await this.#fetchFailure(error);
    }
  }

  /** The full name of a commit that was fetched; undefined: there is none, or several, that begin so. @throws RelaunchError */
  async commitOf(prefix: string): Promise<string | undefined> {
    try {
      const said = await this.#git(['rev-parse', '--quiet', '--verify', '--end-of-options', `${prefix}^{commit}`]);
      return said.trim();
    } catch (error) {
      if (error instanceof GitFailed && error.why === 'exit') return undefined;
      throw this.#explained(error);
    }
  }

  /** What git says of what was fetched, as it comes. `input`: what it reads. @throws RelaunchError */
  async *read(args: readonly string[], input = ''): AsyncGenerator<Buffer> {
    try {
      yield* git({ ...this.#call(args), input });
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #fetch(options: readonly string[], wanted: readonly string[]): Promise<string> {
    const quiet = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--no-auto-gc'];
    return this.#git(['fetch', ...quiet, ...options, '--end-of-options', this.url, ...wanted]);
  }

  #git(args: readonly string[]): Promise<string> {
    return text(git(this.#call(args)));
  }

  #call(args: readonly string[]): GitCall {
    const { timeoutMs, maxPackBytes } = this.#limits;
    const config = [...configFor(this.#remote.scheme), ...this.#access.config].flatMap((each) => ['-c', each]);
    return {
      args: [...config, `--git-dir=${place}`, ...args],
      directory: this.#directory,
      env: { ...environmentFor(this.#remote.scheme, this.#directory), PATH: this.#path, ...this.#access.env },
      timeoutMs,
      maxFileBytes: maxPackBytes,
      signal: this.#signal,
    };
  }

  #noCommit(commit: string): RelaunchError {
    return rejectedSource(`there is no commit ${commit} in ${this.url}`);
  }

  /** That a pack got as long as it may is told by its length: git only says that it came to nothing. */
  async #fetchFailure(error: unknown): Promise<unknown> {
    const packs = join(this.#directory, place, 'objects', 'pack');
    const { maxPackBytes } = this.#limits;
    for (const name of await readdir(packs).catch(() => [])) {
      const { size } = await stat(join(packs, name));
      if (size >= maxPackBytes)
        return rejectedSource(`${this.url} is larger than ${inMebibytes(maxPackBytes)}, packed: no more is fetched`);
    }
    return this.#explained(error);
  }

  #explained(error: unknown): unknown {
    if (!(error instanceof GitFailed)) return error;
    const { host } = this.#remote;
    return failureOf(error, { ...this.#access, url: this.url, host, timeoutMs: this.#limits.timeoutMs });
  }
}
