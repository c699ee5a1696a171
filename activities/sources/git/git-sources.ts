import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256Hex } from '../../../contracts/hash.ts';
import type { GitSource, PinnedGit } from '../../../contracts/git-source.ts';
import { commitRecord } from '../../../contracts/records.ts';
import { mostPackedBytes, uploadArchive } from '../../../store/archive.ts';
import { keyOf } from '../../../store/layout.ts';
import { readRecord, writeRecord } from '../../../store/records.ts';
import type { Store } from '../../../store/store.ts';
import { atMost } from '../../at-most.ts';
import type { GitSettings } from './access.ts';
import { packCommit } from './pack-commit.ts';
import { findCommit } from './find-commit.ts';
import { GitRepository, type Fetching } from './repository.ts';

export interface GitSourcesOptions extends GitSettings {
  /** A directory of its own. */
  workplace: string;
  timeoutMs?: number;
  /** Over the network, of one repository; default 1 GiB. */
  maxPackBytes?: number;
  /** Of all files; default as for directories of code. */
  maxBytes?: number;
}

/** A commit, and what code it is. */
export interface PinnedCommit {
  git: PinnedGit;
  code: { digest: string };
}

/** Fetches at a time: they want processors, disk and network. */
const mostFetches = 4;

/**
 * Commits as archives in the store, where everybody finds them who needs their code: it is fetched once, by the agent that resolves the
 * first launch of it. Nothing of it is executed, and no file of it is made here.
 */
export class GitSources {
  readonly #store: Store;
  readonly #options: Required<GitSourcesOptions>;
  readonly #turns = atMost(mostFetches);

  constructor(store: Store, options: GitSourcesOptions) {
    this.#store = store;
    this.#options = { timeoutMs: 600_000, maxPackBytes: 1_024 ** 3, maxBytes: mostPackedBytes, ...options };
  }

  /**
   * What a source is now, for good. Of a commit that is known, no git is asked.
   * @throws RelaunchError LaunchRejected where it cannot be had, SourceUnavailable where it cannot be had now
   */
  async pin(source: GitSource, signal: AbortSignal): Promise<PinnedCommit> {
    return (await this.#known(source)) ?? (await this.#turns(() => this.#find(source, signal)));
  }

  async #known(source: GitSource): Promise<PinnedCommit | undefined> {
    const { commit, ref, url, submodules } = source;
    if (commit === undefined) return undefined;
    const record = await readRecord(this.#store, keyOf.commit(nameOf(source, commit)), commitRecord);
    if (record === undefined || !(await this.#store.has(keyOf.code(record.digest)))) return undefined;
    const git = { url, ref: ref ?? commit, ...(submodules === true ? { submodules } : {}), commit };
    return { git, code: { digest: record.digest } };
  }

  async #find(source: GitSource, signal: AbortSignal): Promise<PinnedCommit> {
    const { workplace, maxBytes, timeoutMs, maxPackBytes, ...settings } = this.#options;
    await mkdir(workplace, { recursive: true });
    const directory = await mkdtemp(join(workplace, 'fetch-'));
    try {
      const fetching: Fetching = { settings, limits: { timeoutMs, maxPackBytes }, signal };
      const open = (url: string, name: string): Promise<GitRepository> =>
        GitRepository.open(url, join(directory, name), fetching);
      const repository = await open(source.url, 'code');
      const found =
        source.commit === undefined
          ? await findCommit(repository, source.ref, () => open(source.url, 'history'))
          : { ref: source.ref ?? source.commit, commit: source.commit };
      const pinned = { ...source, ...found };
      // Another launch may have fetched it meanwhile.
      const known = await this.#known(pinned);
      if (known !== undefined) return known;
      const packed = await packCommit(repository, pinned, { open, maxBytes });
      await uploadArchive(this.#store, packed);
      const { digest } = packed;
      await writeRecord(this.#store, keyOf.commit(nameOf(source, found.commit)), { digest });
      return {
        git: { url: source.url, ...(source.submodules === true ? { submodules: true } : {}), ...found },
        code: { digest },
      };
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

/** Of a commit, and how it is packed. */
const nameOf = ({ url, submodules = false }: GitSource, commit: string): string =>
  sha256Hex(canonicalJson({ url, submodules, commit }));
