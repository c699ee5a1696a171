import { isUtf8 } from 'node:buffer';
import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { RelaunchError } from '../../contracts/failures.ts';
import type { Plan } from '../../contracts/plan.ts';
import { secretName, type SecretReference } from '../../contracts/secret-reference.ts';
import { hasCode, systemReason } from '../../store/system-errors.ts';
import type { GivenSecret } from '../backends/backend.ts';
import { NoSecretFile, readSecretFile } from './secret-file.ts';

/** What an agent has for the jobs of its queues. */
export interface AgentSecretsOptions {
  /** The agent's name. */
  agent: string;
  /** Of files named after their secrets. */
  directory?: string | undefined;
  /** Its own variables that are secrets of their names. */
  environment?: Readonly<Record<string, string>>;
  /** Told what its admin is to know, once. */
  warn?: (message: string) => void;
}

/** The secrets of one agent, looked up anew each time. */
export class AgentSecrets {
  readonly #options: AgentSecretsOptions;
  readonly #warned = new Set<string>();

  constructor(options: AgentSecretsOptions) {
    this.#options = options;
  }

  /** @throws RelaunchError AttemptRefused where there is no such directory */
  async check(): Promise<void> {
    const { directory } = this.#options;
    if (directory === undefined) return;
    await realpath(directory).catch((cause: unknown) => {
      throw new RelaunchError(
        'AttemptRefused',
        `secrets.directory of the agent's file is ${directory}: ${systemReason(cause)}`,
      );
    });
  }

  /** What an attempt is given. @throws RelaunchError AttemptRefused where one of them is not there, or cannot be given so */
  async give(wanted: Plan['secrets'] = {}): Promise<GivenSecret[]> {
    const given = Object.entries(wanted).map(async ([variable, reference]) => {
      const value = await this.#find(reference.secret).catch((error: unknown) => {
        throw this.#refusal(variable, reference, error);
      });
      if (value === undefined) throw this.#refusal(variable, reference, new NoSecretFile(this.#whereItIsNot()));
      if (reference.as === 'file') return { variable, as: reference.as, value };
      if (!isUtf8(value) || value.includes(0))
        throw this.#refusal(variable, reference, new NoSecretFile('is no text: let it be given `as: file`'));
      return { variable, as: reference.as, value: Buffer.from(value.toString().replace(/\r?\n$/, '')) };
    });
    return Promise.all(given);
  }

  /** The values that it has by these names now; those that cannot be had are left out. */
  async known(wanted: Plan['secrets'] = {}): Promise<Buffer[]> {
    const found = Object.values(wanted).map(({ secret }) => this.#find(secret).catch(() => undefined));
    return (await Promise.all(found)).filter((value) => value !== undefined);
  }

  /** Undefined where there is none. @throws NoSecretFile where it cannot be one, or what the system throws */
  async #find(name: string): Promise<Buffer | undefined> {
    const { environment = {} } = this.#options;
    if (!secretName.safeParse(name).success) return undefined;
    const value = (await this.#inDirectory(name)) ?? (Object.hasOwn(environment, name) ? environment[name] : undefined);
    if (value?.length === 0) throw new NoSecretFile('is empty');
    return value === undefined ? undefined : Buffer.from(value);
  }

  async #inDirectory(name: string): Promise<Buffer | undefined> {
    const { directory } = this.#options;
    if (directory === undefined) return undefined;
    try {
      // Kubernetes mounts secrets as links, but within their directory.
      const path = await realpath(join(directory, name));
      if (!path.startsWith(`${await realpath(directory)}${sep}`))
        throw new NoSecretFile('is a link out of its directory');
      const { value, isLoose } = await readSecretFile(path);
      if (isLoose) this.#warnOnce(`everybody on this machine may read secret "${name}": chmod o= ${path}`);
      return value;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  #whereItIsNot(): string {
    const { directory } = this.#options;
    const files = directory === undefined ? 'it has no secrets.directory' : `no file of that name is in ${directory}`;
    return `is not there: ${files}, and secrets.environment of its file does not list it, or it is not set`;
  }

  #refusal(variable: string, { secret }: SecretReference, error: unknown): unknown {
    if (error instanceof RelaunchError) return error;
    const why = error instanceof NoSecretFile ? error.message : `cannot be read: ${systemReason(error)}`;
    const message = `secret "${secret}" of env.${variable}, which agent ${this.#options.agent} is to give, ${why}`;
    return new RelaunchError('AttemptRefused', message);
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn?.(message);
  }
}
