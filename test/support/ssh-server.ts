import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { fillOnce } from '../../scripts/testbed/directory.ts';
import { cacheDir } from '../../scripts/testbed/place.ts';
import { unpackedEnv, unpackPackages } from '../../scripts/testbed/unpack-packages.ts';
import { ended, hostOf, listening } from '../../scripts/testbed/loopback.ts';
import { ServedRepository } from '../../scripts/testbed/git/repository.ts';
import { until } from './until.ts';

/** A git server over ssh: OpenSSH's, for the user `git` alone, who can do nothing but read repositories. */
export interface SshGitServer extends AsyncDisposable {
  /** With its port. */
  host: string;
  /** Paths: of the key that it lets in, of one that it does not, of its own keys as clients keep them. */
  key: string;
  strangersKey: string;
  knownHosts: string;
  create(name: string): Promise<ServedRepository>;
  url(name: string, user?: string): string;
  /** What it has written. */
  log(): string;
}

/** It has a list of users of its own, in a mount namespace of its own: this machine has neither this user nor one for sshd. Needs root. */
export async function sshGitServer(directory: string): Promise<SshGitServer> {
  const { program, env } = await bringSshd();
  const root = join(directory, 'repositories');
  await mkdir(root, { recursive: true });
  const at = (name: string): string => join(directory, name);
  for (const name of ['host', 'key', 'stranger'])
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at(name)]);
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const [, hostKey] = (await readFile(at('host.pub'), 'utf8')).split(' ');
  await writeFile(at('known_hosts'), `[127.0.0.1]:${port} ssh-ed25519 ${hostKey ?? ''}\n`);
  await writeFile(
    at('passwd'),
    'root:x:0:0::/:/bin/sh\ngit:x:0:0::/:/bin/sh\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n',
  );
  await writeFile(
    at('sshd_config'),
    [
      ...[`ListenAddress ${host}`, `HostKey ${at('host')}`, `AuthorizedKeysFile ${at('key.pub')}`, 'PidFile none'],
      ...['UsePAM no', 'StrictModes no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
      ...['PermitRootLogin yes', 'AllowUsers git', 'AcceptEnv GIT_PROTOCOL', 'LogLevel VERBOSE'],
      `ForceCommand cd ${root} && exec git-shell -c "$SSH_ORIGINAL_COMMAND"`,
    ].join('\n'),
  );
  // The shell of that namespace becomes the server.
  const script =
    'mount --bind "$1" /etc/passwd && mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$2" -D -e -f "$3"';
  const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', at('passwd'), program, at('sshd_config')], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const over = once(child, 'exit');
  await until(`sshd on ${host}`, () => isOpen(Number(port)), 20_000).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw new Error(log, { cause: error });
  });
  return {
    host,
    ...{ key: at('key'), strangersKey: at('stranger'), knownHosts: at('known_hosts') },
    create: (name) => ServedRepository.create(join(root, name)),
    url: (name, user = 'git') => `ssh://${user}@${host}${join(root, name)}`,
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await over;
    },
  };
}

/** The machine's, else Debian's, unpacked once into the cache: to install it would start one for the whole machine. */
async function bringSshd(): Promise<{ program: string; env: NodeJS.ProcessEnv }> {
  if (existsSync('/usr/sbin/sshd')) return { program: '/usr/sbin/sshd', env: process.env };
  const root = join(cacheDir({ name: 'ssh' }, process.env), 'programs');
  await fillOnce(root, (incoming) => unpackPackages(['openssh-server'], incoming));
  return { program: join(root, 'usr/sbin/sshd'), env: { ...process.env, ...unpackedEnv(root) } };
}

async function freePort(): Promise<string> {
  const server = await listening(createServer());
  const host = hostOf(server);
  await ended(server);
  return host.slice(host.indexOf(':') + 1);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
