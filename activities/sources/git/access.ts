import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitHost, GitHosts } from '../../../contracts/git-hosts.ts';
import type { GitRemote } from '../../../contracts/git-source.ts';
import { systemReason } from '../../../store/system-errors.ts';
import { rejectedSource, unavailable } from './failures.ts';
import { placeOf } from './own-addresses.ts';

/** What an agent knows of git servers, and may use of its own environment for them. */
export interface GitSettings {
  hosts: GitHosts;
  env: Readonly<Record<string, string | undefined>>;
}

/** How git gets at one server. */
export interface Access {
  /** In words: who the agent is there. */
  account: string;
  /** For git's command line: names of files beside it, and no secrets. */
  config: readonly string[];
  env: Readonly<Record<string, string>>;
  /** What must not be seen. */
  secrets: readonly string[];
}

/** How a company lets its machines out. */
const proxies = ['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'];
const isProxy = (name: string): boolean => !/^no_/i.test(name);

/**
 * Puts the credentials for a server, and for no other, into files of a directory that git is run in: command lines and environments can be
 * seen by others. @throws RelaunchError LaunchRejected where the agent has none and there is no way without; SourceUnavailable where they cannot be read
 */
export async function accessTo(remote: GitRemote, { hosts, env }: GitSettings, directory: string): Promise<Access> {
  const host = Object.hasOwn(hosts, remote.host) ? hosts[remote.host] : undefined;
  return remote.scheme === 'ssh' ? overSsh(remote, host, directory) : overHttps(remote, host, env, directory);
}

async function overHttps(
  { host }: GitRemote,
  known: GitHost | undefined,
  env: GitSettings['env'],
  directory: string,
): Promise<Access> {
  const around = Object.fromEntries(
    proxies.flatMap((name) => {
      const value = env[name];
      return value ? [[name, value]] : [];
    }),
  );
  // Where a proxy is in between, it looks hosts up, and decides.
  const place = known === undefined && !Object.keys(around).some(isProxy) ? await placeOf(host) : undefined;
  const config = [
    ...(known?.caBundle === undefined ? [] : [`http.sslCAInfo=${known.caBundle}`]),
    ...(place === undefined ? [] : [`http.curloptResolve=${place}`]),
  ];
  if (known?.token === undefined) {
    return {
      account: `nobody (there is no token for git.${host} in the agent's file)`,
      config,
      env: around,
      secrets: [],
    };
  }
  const { username, token } = known;
  const secret = await tokenOf(host, token, env);
  const written = `https://${encodeURIComponent(username)}:${encodeURIComponent(secret)}@${host}\n`;
  await writeFile(join(directory, 'credentials'), written, { mode: 0o600 });
  const of = 'file' in token ? `file ${token.file}` : `variable ${token.env}`;
  return {
    account: `${username} with the token of ${of}`,
    config: [...config, 'credential.helper=store --file=credentials'],
    env: around,
    secrets: [secret, encodeURIComponent(secret), Buffer.from(`${username}:${secret}`).toString('base64')],
  };
}

async function tokenOf(host: string, token: NonNullable<GitHost['token']>, env: GitSettings['env']): Promise<string> {
  const text = 'file' in token ? (await readSecret(host, 'token', token.file)).toString() : (env[token.env] ?? '');
  const secret = text.trim();
  if (secret !== '' && !/[\0\n\r]/.test(secret)) return secret;
  const what = 'file' in token ? `file ${token.file} has no token in it` : `variable ${token.env} is not set`;
  throw unavailable(`git.${host}.token of the agent's file: ${what}`);
}

async function overSsh(
  { host, user = 'git' }: GitRemote,
  known: GitHost | undefined,
  directory: string,
): Promise<Access> {
  if (known?.sshKey === undefined || known.knownHosts === undefined)
    throw rejectedSource(`the agent has no SSH key for ${host}: its file is to have git.${host}.sshKey and knownHosts`);
  // Of whatever mode theirs are: ssh takes a key that nobody else can read.
  await writeFile(join(directory, 'ssh-key'), await readSecret(host, 'sshKey', known.sshKey), { mode: 0o600 });
  await writeFile(join(directory, 'ssh-hosts'), await readSecret(host, 'knownHosts', known.knownHosts), {
    mode: 0o600,
  });
  return {
    account: `${user} with the key ${known.sshKey}`,
    config: [],
    env: { GIT_SSH_COMMAND: ['ssh', ...sshOptions].join(' '), GIT_SSH_VARIANT: 'ssh' },
    secrets: [],
  };
}

/** Nothing but this key to a server that is known, whatever this machine's ssh is told elsewhere. Paths count from where git runs. */
const sshOptions = [
  '-F none -i ssh-key',
  ...[
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'BatchMode=yes',
    'UserKnownHostsFile=ssh-hosts',
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'ControlPath=none',
  ].map((option) => `-o ${option}`),
];

async function readSecret(host: string, key: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unavailable(`git.${host}.${key} of the agent's file: ${path} cannot be read: ${systemReason(cause)}`, cause);
  }
}

/** Whether all that the agent's file names is there. @throws RelaunchError SourceUnavailable */
export async function checkHosts({ hosts, env }: GitSettings): Promise<void> {
  for (const [host, { token, sshKey, knownHosts, caBundle }] of Object.entries(hosts)) {
    if (token !== undefined) await tokenOf(host, token, env);
    for (const [key, path] of Object.entries({ sshKey, knownHosts, caBundle }))
      if (path !== undefined) await readSecret(host, key, path);
  }
}
