import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GitSources, type PinnedCommit } from '../../activities/sources/git/git-sources.ts';
import type { GitHosts } from '../../contracts/git-hosts.ts';
import type { GitSource } from '../../contracts/git-source.ts';
import { openStore } from '../../store/open-store.ts';
import { never } from '../support/backend-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { sshGitServer, type SshGitServer } from '../support/ssh-server.ts';

let scratch: string;
let server: SshGitServer;
let commit: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'relaunch-ssh-'));
  server = await sshGitServer(scratch);
  commit = await (await server.create('digits.git')).commit({ 'train.py': 'private' });
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

function pin(source: Partial<GitSource> = {}, host: Partial<GitHosts[string]> | null = {}): Promise<PinnedCommit> {
  const known = { username: 'git', sshKey: server.key, knownHosts: server.knownHosts, ...host };
  const hosts: GitHosts = host === null ? {} : { [server.host]: known };
  const store = openStore(pathToFileURL(join(scratch, 'store')).href);
  const workplace = join(scratch, 'fetches');
  const sources = new GitSources(store, { workplace, hosts, env: { PATH: process.env['PATH'] } });
  return sources.pin({ url: server.url('digits.git'), ...source }, never);
}

test('a private repository is read with the key of the agent’s file', async () => {
  expect((await pin()).git).toEqual({ url: server.url('digits.git'), ref: 'main', commit });
  expect((await pin({ ref: commit.slice(0, 8) })).git.commit).toBe(commit);
});

test('a key that is refused, a server that is not known, a repository that is not there: each is said, with host and account', async () => {
  const { strangersKey, host } = server;
  const refused = `${host} refuses git with the key ${strangersKey}`;
  await expect(pin({}, { sshKey: strangersKey })).rejects.toEqual(failsAs('LaunchRejected', new RegExp(refused)));
  await expect(pin({ url: server.url('digits.git', 'eve') })).rejects.toEqual(
    failsAs('LaunchRejected', new RegExp(`${host} refuses eve with the key ${server.key}`)),
  );
  const others = join(scratch, 'others');
  await writeFile(
    others,
    'git.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZ3nVqVn6bJ3pLkC8sVJ0y5h2g4r3m1dQ9q2z0xYw8K\n',
  );
  await expect(pin({}, { knownHosts: others })).rejects.toEqual(
    failsAs('LaunchRejected', /its SSH host key is not in git\.127\.0\.0\.1:\d+\.knownHosts/),
  );
  await expect(pin({ url: server.url('nothing.git') })).rejects.toEqual(
    failsAs('LaunchRejected', /nothing\.git is not there, or .* does not show it to git with the key/),
  );
  await expect(pin({}, null)).rejects.toEqual(
    failsAs(
      'LaunchRejected',
      /the agent has no SSH key for 127\.0\.0\.1:\d+: its file is to have git\..*\.sshKey and knownHosts/,
    ),
  );
});
