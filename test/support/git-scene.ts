import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GitSources, type GitSourcesOptions, type PinnedCommit } from '../../activities/sources/git/git-sources.ts';
import type { GitHosts } from '../../contracts/git-hosts.ts';
import type { GitSource } from '../../contracts/git-source.ts';
import { unpackArchive } from '../../store/archive.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { never } from './backend-harness.ts';
import { gitServer, type GitServer } from '../../scripts/testbed/git/server.ts';
import { readTree, type Tree } from '../../scripts/testbed/trees.ts';

/** A git server, and agents that know it, with one store. */
export class GitScene {
  readonly scratch: string;
  readonly store: Store;
  readonly server: GitServer;
  readonly workplace: string;

  private constructor(scratch: string, server: GitServer) {
    this.scratch = scratch;
    this.server = server;
    this.store = openStore(pathToFileURL(join(scratch, 'store')).href);
    this.workplace = join(scratch, 'fetches');
  }

  static async start(): Promise<GitScene> {
    const scratch = await mkdtemp(join(tmpdir(), 'relaunch-git-'));
    return new GitScene(scratch, await gitServer(scratch));
  }

  /** The server as an agent's file has it, with its token. */
  hosts(more: Partial<GitHosts[string]> = {}): GitHosts {
    const { host, certificate, username } = this.server;
    return { [host]: { username, token: { env: 'TOKEN' }, caBundle: certificate, ...more } };
  }

  sources(more: Partial<GitSourcesOptions> = {}): GitSources {
    const env = { PATH: process.env['PATH'], TOKEN: this.server.token, ...more.env };
    return new GitSources(this.store, { workplace: this.workplace, hosts: this.hosts(), ...more, env });
  }

  /** A source at a path of the server, or wherever it says. */
  pin(path: string, source: Partial<GitSource> = {}, more: Partial<GitSourcesOptions> = {}): Promise<PinnedCommit> {
    return this.sources(more).pin({ url: this.server.url(path), ...source }, never);
  }

  /** What a job finds of it. */
  async unpacked({ code }: PinnedCommit): Promise<Tree> {
    const directory = join(await mkdtemp(join(this.scratch, 'unpacked-')), 'code');
    await unpackArchive(this.store, code.digest, directory);
    return readTree(directory);
  }

  /** Command lines of what runs for these agents. */
  running(): string[] {
    return readdirSync('/proc').flatMap((pid) => {
      try {
        const cwd = /^\d+$/.test(pid) ? readlinkSync(`/proc/${pid}/cwd`) : '';
        return cwd.startsWith(this.workplace) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        return [];
      }
    });
  }

  /** What is left on disk of what was fetched. */
  left(): string[] {
    return existsSync(this.workplace) ? readdirSync(this.workplace) : [];
  }

  async stop(): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await rm(this.scratch, { recursive: true, force: true });
  }
}
