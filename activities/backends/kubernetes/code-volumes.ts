import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RelaunchError } from '../../../contracts/failures.ts';
import { hasCode, systemReason } from '../../../store/system-errors.ts';
import { contextDigest } from '../../images/context-digest.ts';
import type { MountedRun } from '../../images/mounted-run.ts';
import type { AttemptRef } from '../backend.ts';
import { unlessAborted } from '../waiting.ts';
import { parseKubernetesArgs, type KubernetesArgs } from './queue-args.ts';
import { makeReadable, syncDirectory, writeTree } from './write-tree.ts';

export interface CodeVolumesOptions {
  /** Where the agent has the volumes, by `namespace/claim` or `claim`. */
  paths: Readonly<Record<string, string>>;
  /** The code, as {@link CodeVolumes.put} answered it, of all attempts that a namespace has; undefined: nobody knows yet. */
  usedIn(namespace: string): Set<string> | undefined;
  reached(point: KubernetesPoint): Promise<void>;
}

/** Between two steps of putting code on a volume. */
export type KubernetesPoint = 'kubernetes:code-begun' | 'kubernetes:code-written' | 'kubernetes:code-placed';

type Code = NonNullable<KubernetesArgs['code']>;

const dayMs = 86_400_000;

/**
 * Code on volumes that the agent and the pods both have, a directory for each tree and day: `<subPath>/<entity>/<namespace>/<day>/<digest>`.
 * It is made beside that and moved there whole. Attempts take that of the day on which they are submitted: what is of an earlier day, and no
 * attempt has now, none will ever have.
 */
export class CodeVolumes {
  readonly #options: CodeVolumesOptions;
  readonly #paths: ReadonlyMap<string, string>;
  /** Directories that this agent is at. */
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(options: CodeVolumesOptions) {
    this.#options = options;
    this.#paths = new Map(Object.entries(options.paths));
  }

  /** See Backend.whyUnmounted. */
  whyUnmounted(resourceArgs: unknown): string | undefined {
    const { code, ...args } = parseKubernetesArgs(resourceArgs);
    if (code === undefined)
      return 'pods have it from a volume, and this queue names none (resourceArgs.kubernetes.code.claimName)';
    const namespace = args.namespace ?? args.metadata?.namespace;
    const isKnown =
      namespace === undefined
        ? [...this.#paths.keys()].some((claim) => `/${claim}`.endsWith(`/${code.claimName}`))
        : this.#pathOf(code, namespace) !== undefined;
    return isKnown ? undefined : unknownPath(code);
  }

  /** Proves that code can be put where a queue has it. @throws RelaunchError AttemptRefused where the agent does not know where that is, BackendUnavailable */
  async check({ code }: KubernetesArgs, namespace: string, signal: AbortSignal): Promise<void> {
    if (code === undefined) return;
    const path = this.#knownPath(code, namespace);
    await onVolume(code, path, signal, async () => {
      if (!(await stat(path)).isDirectory()) throw new Error('it is no directory');
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    });
  }

  /**
   * Puts the code of an attempt on its queue's volume, unless it is there. Answers where.
   * @throws RelaunchError AttemptRefused where there is no such volume, BackendUnavailable where it cannot be used
   */
  async put(
    { entity }: Pick<AttemptRef, 'entity'>,
    code: Code | undefined,
    namespace: string,
    { tree }: Pick<MountedRun, 'tree'>,
    signal: AbortSignal,
  ): Promise<string> {
    if (code === undefined)
      throw refused('code is mounted from a volume, and its queue names none (resourceArgs.kubernetes.code.claimName)');
    const root = this.#knownPath(code, namespace);
    const above = [...code.subPath.split('/').filter((part) => part !== ''), entity, namespace];
    const inner = [...above, dayOf(Date.now()), await contextDigest(tree)];
    const path = join(root, ...inner);
    for (let busy = this.#busy.get(path); busy !== undefined; busy = this.#busy.get(path))
      await unlessAborted(signal, () => Promise.resolve(busy));
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#busy.set(path, promise);
    try {
      await onVolume(code, root, signal, async () => {
        if (await isFilled(path)) return;
        for (let i = 1; i < inner.length; i++) await makeReadable(join(root, ...inner.slice(0, i)));
        await this.#make(path, tree, signal);
        void this.#tidy(root, above.join('/'), namespace).catch(() => undefined);
      });
    } finally {
      this.#busy.delete(path);
      resolve(undefined);
    }
    return inner.join('/');
  }

  async #make(path: string, tree: MountedRun['tree'], signal: AbortSignal): Promise<void> {
    const { reached } = this.#options;
    const beside = join(dirname(path), `.${randomUUID()}`);
    try {
      await makeReadable(beside);
      await reached('kubernetes:code-begun');
      await writeTree(tree, beside, signal);
      await reached('kubernetes:code-written');
      // An empty one in its place a kubelet made, for a pod whose code somebody removed.
      await rename(beside, path).catch((error: unknown) => {
        if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      });
      await syncDirectory(dirname(path));
      await reached('kubernetes:code-placed');
    } finally {
      await rm(beside, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** Removes what is of days before yesterday and no attempt has, and what agents that were killed have left there. The next one does what this one cannot. */
  async #tidy(root: string, above: string, namespace: string): Promise<void> {
    const yesterday = dayOf(Date.now() - dayMs);
    const used = this.#options.usedIn(namespace);
    if (used === undefined) return;
    for (const day of await readdir(join(root, above))) {
      if (!/^\d{4}-\d\d-\d\d$/.test(day) || day >= yesterday) continue;
      for (const name of await readdir(join(root, above, day))) {
        const path = [above, day, name].join('/');
        if (!used.has(path)) await rm(join(root, path), { recursive: true, force: true, maxRetries: 3 });
      }
      await rmdir(join(root, above, day)).catch(() => undefined);
    }
  }

  #knownPath(code: Code, namespace: string): string {
    const path = this.#pathOf(code, namespace);
    if (path === undefined) throw refused(unknownPath(code));
    return path;
  }

  #pathOf({ claimName }: Code, namespace: string): string | undefined {
    return this.#paths.get(`${namespace}/${claimName}`) ?? this.#paths.get(claimName);
  }
}

const unknownPath = ({ claimName }: Code): string =>
  `resourceArgs.kubernetes.code.claimName is "${claimName}", and this agent does not know where it has that volume: its file needs \`kubernetes: {code: {${claimName}: PATH}}\``;

/** In UTC: agents on one volume agree on it. */
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function isFilled(path: string): Promise<boolean> {
  const names = await readdir(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names.length > 0;
}

/** What a volume is to blame for is tried again. */
async function onVolume(
  { claimName }: Code,
  path: string,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    signal.throwIfAborted();
    const message = `the volume of claim "${claimName}" cannot be used at ${path} (kubernetes.code of the agent's file): ${systemReason(cause)}`;
    throw new RelaunchError('BackendUnavailable', message, { cause });
  }
}

const refused = (message: string): RelaunchError => new RelaunchError('AttemptRefused', message);
