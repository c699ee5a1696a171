import { RelaunchError } from '../../../contracts/failures.ts';
import type { Credentials } from '../../images/registry/credentials.ts';
import { hubServer } from '../../images/registry/docker-config.ts';
import { parseImageName } from '../../images/registry/image-name.ts';
import { label } from '../labels.ts';
import { unlessAborted } from '../waiting.ts';
import type { Place } from './place.ts';
import { isStatus } from './status-error.ts';

export interface PullSecretsOptions {
  /** Registries whose images pods pull with the agent's credentials. */
  hosts: readonly string[];
  /** What the agent has for one of them, asked for anew each time: tokens expire. */
  credentialsOf: (host: string, signal: AbortSignal) => Promise<Credentials | undefined>;
  /** The id of the Temporal namespace. */
  owner: string;
}

/** What a pod pulls its image with. */
export interface PullSecret {
  /** Of the Secret, in the pod's namespace. */
  name: string;
  /** Whose it is, for people. */
  account: string;
  host: string;
}

/** One that was just written is not written again: neither for a burst of runs, nor for a pull that fails again and again. */
const freshMs = 30_000;
/** For the credentials' helper and the API server together. */
const writeTimeoutMs = 60_000;

/**
 * Keeps the agent's credentials for registries where the kubelet finds them: a Secret for each registry, in each namespace that has pods of
 * it. It is written when an attempt is submitted, since tokens expire, and when a pull fails. Only ever written: the agent may not read secrets.
 */
export class PullSecrets {
  readonly #options: PullSecretsOptions;
  readonly #written = new Map<string, { at: number; secret: Promise<PullSecret> }>();

  constructor(options: PullSecretsOptions) {
    this.#options = options;
  }

  /**
   * What an image is pulled with; undefined where that is left to the cluster.
   * @throws RelaunchError AttemptRefused without credentials, or the right to write Secrets; what the credentials' helper throws
   */
  async of(place: Place, image: string, signal: AbortSignal): Promise<PullSecret | undefined> {
    const { host } = parseImageName(image);
    return this.#options.hosts.includes(host) ? this.#keep(place, host, signal) : undefined;
  }

  /** After a pull that failed: a token may have expired while the Job waited. What fails now, the pull's own words tell. */
  async renew(place: Place, host: string, signal: AbortSignal): Promise<void> {
    if (this.#options.hosts.includes(host)) await this.#keep(place, host, signal).catch(() => undefined);
  }

  async #keep(place: Place, host: string, signal: AbortSignal): Promise<PullSecret> {
    const key = `${place.name} ${host}`;
    const last = this.#written.get(key);
    if (last !== undefined && performance.now() - last.at < freshMs) return unlessAborted(signal, () => last.secret);
    // For all who want it: the one who came first may leave first.
    const secret = this.#write(place, host, AbortSignal.timeout(writeTimeoutMs));
    this.#written.set(key, { at: performance.now(), secret });
    secret.catch(() => {
      if (this.#written.get(key)?.secret === secret) this.#written.delete(key);
    });
    return unlessAborted(signal, () => secret);
  }

  async #write(place: Place, host: string, signal: AbortSignal): Promise<PullSecret> {
    const { username, password } = passwordOf(host, await this.#options.credentialsOf(host, signal));
    const name = `relaunch-registry-${host.toLowerCase().replace(/[^a-z0-9.-]+/g, '-')}`.replace(/[^a-z0-9]+$/, '');
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const config = { auths: { [host === 'docker.io' ? hubServer : host]: { auth } } };
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, labels: { [label.owner]: this.#options.owner } },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': Buffer.from(JSON.stringify(config)).toString('base64') },
    };
    try {
      await createOrReplace(place, name, body, signal);
    } catch (error) {
      if (!isStatus(error, 403)) throw error;
      const rule = `registries["${host}"].pullSecret needs the right to create Secrets, and to update "${name}": deploy/kubernetes/pull-secrets has it`;
      throw new RelaunchError('AttemptRefused', `${error.message}. ${rule}`, { cause: error });
    }
    return { name, account: username, host };
  }
}

async function createOrReplace(place: Place, name: string, body: unknown, signal: AbortSignal): Promise<void> {
  try {
    await place.api.send({ method: 'POST', path: place.path('secrets'), body, signal });
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    await place.api.send({ method: 'PUT', path: place.path('secrets', name), body, signal });
  }
}

function passwordOf(host: string, credentials: Credentials | undefined): { username: string; password: string } {
  if (credentials?.kind === 'password') return credentials;
  const why =
    credentials === undefined
      ? "Docker's configuration has no credentials for it: run `docker login` there as the agent's user"
      : "Docker's configuration has an identity token for it, which a kubelet cannot use: log in with a password or a token of the registry's";
  throw new RelaunchError('AttemptRefused', `registries["${host}"].pullSecret: ${why}`);
}
