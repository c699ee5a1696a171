import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { askHelper } from './credential-helper.ts';
import type { Credentials } from './credentials.ts';
import { denied } from './failures.ts';

const loggedIn = z.object({
  auth: z.string().optional(),
  identitytoken: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
});

const dockerConfig = z.object({
  auths: z.record(z.string(), loggedIn).nullish(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});
type DockerConfig = z.output<typeof dockerConfig>;

/** What Docker, and with it the kubelet, calls the registry of Docker Hub where credentials are kept. */
export const hubServer = 'https://index.docker.io/v1/';

/**
 * The credentials that Docker's configuration has for a registry (`docker login`), read anew each time: tokens are refreshed behind our
 * backs. A helper for this registry is asked before the one for all, and the file's own entries only where there is none.
 * @param host As in ImageName
 * @param directory Where config.json is. Without the file there are none.
 * @see https://docs.docker.com/reference/cli/docker/login/#credential-helpers and docker/cli, cli/config/configfile/file.go
 * @throws RelaunchError RegistryDenied where the file is wrong or names a helper that is not there, RegistryUnavailable where a helper fails
 */
export async function dockerCredentials(
  directory: string,
  host: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const file = join(directory, 'config.json');
  const config = await readConfig(file);
  const servers = host === 'docker.io' ? [hubServer, 'index.docker.io', 'docker.io', 'registry-1.docker.io'] : [host];
  const helper = entryOf(config.credHelpers, servers)?.value ?? config.credsStore;
  if (helper !== undefined && helper !== '') return askHelper(helper, servers[0] ?? host, signal);
  const entry = entryOf(config.auths, servers);
  return entry === undefined ? undefined : credentialsOf(entry, file);
}

async function readConfig(file: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw denied(`${file} cannot be read: ${(error as Error).message}`, error);
  }
  try {
    return dockerConfig.parse(JSON.parse(text));
  } catch {
    // What the parsers say may quote a secret.
    throw denied(`${file} is no configuration of Docker: JSON with auths, credsStore and credHelpers`);
  }
}

/** The entry of one of these servers: by its exact name, else by a key with a scheme or a path, as older Dockers wrote them. */
function entryOf<T>(
  entries: Readonly<Record<string, T>> | null | undefined,
  servers: readonly string[],
): { server: string; value: T } | undefined {
  const all = Object.entries(entries ?? {});
  const found =
    all.find(([key]) => servers[0] === key) ??
    all.find(([key]) => servers.includes(key)) ??
    all.find(([key]) => servers.includes(hostOf(key)));
  return found && { server: found[0], value: found[1] };
}

const hostOf = (key: string): string => key.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/s, '');

function credentialsOf(
  { server, value }: { server: string; value: z.output<typeof loggedIn> },
  file: string,
): Credentials | undefined {
  const { auth = '', identitytoken = '', username = '', password = '' } = value;
  if (identitytoken !== '') return { kind: 'identity-token', token: identitytoken };
  if (auth === '') return username === '' ? undefined : { kind: 'password', username, password };
  const [, name, secret] = /^([^:]+):(.*?)\0*$/s.exec(Buffer.from(auth, 'base64').toString()) ?? [];
  if (name === undefined || secret === undefined) {
    throw denied(`${file}: the auth of ${JSON.stringify(server)} is no user:password in base64; log in anew`);
  }
  return { kind: 'password', username: name, password: secret };
}
