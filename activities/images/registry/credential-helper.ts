import { execFile } from 'node:child_process';
import { z } from 'zod';
import type { Credentials } from './credentials.ts';
import { denied, quoted, unavailable } from './failures.ts';

/** How long a helper may take: some ask a cloud. */
const timeoutMs = 30_000;

const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Asks one of Docker's credential helpers, a program `docker-credential-<name>` on PATH, for what it has for a server. It has the
 * agent's environment: those of clouds find their own credentials there.
 * @see https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
 * @throws RelaunchError RegistryDenied where there is no such helper, RegistryUnavailable where it fails
 */
export async function askHelper(name: string, server: string, signal: AbortSignal): Promise<Credentials | undefined> {
  if (!/^[a-z0-9-]+$/.test(name)) {
    const rule = 'small letters, digits and dashes';
    throw denied(`credential helper ${JSON.stringify(quoted(name))}, for ${server}, is no name: ${rule}`);
  }
  const helper = `docker-credential-${name}`;
  const { error, stdout, stderr } = await run(helper, server, signal);
  if (error === undefined) return credentialsIn(stdout, helper, server);
  signal.throwIfAborted();
  if (error.code === 'ENOENT' || error.code === 'EACCES') {
    throw denied(
      `${helper}, which is to have the credentials for ${server}, cannot be run: is it on the agent's PATH?`,
    );
  }
  if (stdout.trim().startsWith('credentials not found')) return undefined;
  // Whatever looks like an answer may be one, with a secret in it.
  const said = quoted(stdout.trim().startsWith('{') ? stderr : `${stdout} ${stderr}`);
  const how = error.killed === true ? `no answer in ${String(timeoutMs / 1_000)} s` : `exit ${String(error.code)}`;
  throw unavailable(`${helper} has no credentials for ${server}: ${how}${said === '' ? '' : `, ${said}`}`);
}

type Failure = Error & { code?: string | number | null; killed?: boolean };

function run(
  helper: string,
  input: string,
  signal: AbortSignal,
): Promise<{ error: Failure | undefined; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: 1_048_576, killSignal: 'SIGKILL', signal } as const;
    const child = execFile(helper, ['get'], options, (error, stdout, stderr) => {
      resolve({ error: error ?? undefined, stdout, stderr });
    });
    // A helper may end without reading.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function credentialsIn(stdout: string, helper: string, server: string): Credentials | undefined {
  const answer = helperAnswer.safeParse(parsed(stdout));
  if (!answer.success) {
    throw unavailable(`${helper} says something about ${server} that is no {"Username": ..., "Secret": ...}`);
  }
  const { Username: username, Secret: secret } = answer.data;
  if (secret === '') return undefined;
  return username === '<token>'
    ? { kind: 'identity-token', token: secret }
    : { kind: 'password', username, password: secret };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
