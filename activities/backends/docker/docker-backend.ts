import { homedir } from 'node:os';
import { join } from 'node:path';
import { RelaunchError } from '../../../contracts/failures.ts';
import type { Backend } from '../backend.ts';
import { unlessAborted } from '../waiting.ts';
import { defaultHost } from './engine-address.ts';
import { EngineError, isAway } from './engine-error.ts';
import { Engine } from './engine.ts';
import { followAttempt } from './follow.ts';
import { forgetRun } from './forget.ts';
import { keptRuns, listAttempts } from './list.ts';
import { checkDockerArgs } from './queue-args.ts';
import { releaseAttempt } from './release.ts';
import type { DockerPoint, DockerSite } from './site.ts';
import { stopAttempt } from './stop.ts';
import { submitAttempt } from './submit.ts';
import { dockerSubmitters } from './submitter-args.ts';

export interface DockerOptions {
  /** Where the engine is, as in DOCKER_HOST. Default: unix:///var/run/docker.sock. */
  host?: string | undefined;
  /** The id of the Temporal namespace: of all that is ours. */
  owner: string;
  /** The name of this host, for outcomes. */
  node: string;
  /** Where Docker's config.json is, with the credentials that images are pulled with. Default: ~/.docker. */
  configDirectory?: string | undefined;
  /** Called after each step of what takes several: fault tests die there. */
  reached?: ((point: DockerPoint) => Promise<void>) | undefined;
}

/** An agent that starts says soon that there is no engine. */
const checkMs = 2_000;

/** For what nobody calls off. */
const never = new AbortController().signal;

/** Attempts as containers of a Docker Engine: they go on without the agent, and it finds them again. */
export function createDockerBackend(options: DockerOptions): Backend {
  const { owner, node } = options;
  const engine = new Engine(options.host ?? defaultHost);
  const site: DockerSite = {
    engine,
    owner,
    node,
    configDirectory: options.configDirectory ?? join(homedir(), '.docker'),
    reached: options.reached ?? (() => Promise.resolve()),
  };
  const guarded = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => atBorder(engine, signal, work);
  /** What an engine that nobody has needed yet has is not asked: there may be none. */
  const ifUsed = <T>(work: () => Promise<T[]>): Promise<T[]> =>
    engine.isUsed ? guarded(never, work) : Promise.resolve([]);
  return {
    name: 'docker',
    hostBound: true,
    sources: ['image'],
    checkResourceArgs: checkDockerArgs,
    whyUnmounted: () => undefined,
    submitters: dockerSubmitters,
    placeOf: () => undefined,
    check: (_resourceArgs, signal) =>
      guarded(signal, () => engine.send({ method: 'GET', path: '/info', patienceMs: checkMs, signal })),
    submit: (attempt, signal) => guarded(signal, () => submitAttempt(site, attempt, signal)),
    follow: (ref, sink, signal) =>
      guarded(signal, () => unlessAborted(signal, () => followAttempt(site, ref, sink, signal))),
    stop: (ref, graceMs, signal) => guarded(signal, () => stopAttempt(site, ref, graceMs, signal)),
    release: (ref, signal) => guarded(signal, () => releaseAttempt(site, ref, signal)),
    agents: () => Promise.resolve([]),
    list: (agent) => ifUsed(() => listAttempts(site, agent, never)),
    keeps: (entity) => ifUsed(() => keptRuns(site, entity, never)),
    forget: (entity, run) => guarded(never, () => forgetRun(site, entity, run, never)),
    close: () => undefined,
  };
}

/** What the engine, or the way to it, is to blame for is tried again. */
async function atBorder<T>({ host }: Engine, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (cause) {
    if (signal.aborted) throw cause;
    if (cause instanceof EngineError && cause.code >= 500) {
      throw new RelaunchError('BackendUnavailable', `the Docker engine at ${host}: ${cause.message}`, { cause });
    }
    if (!isAway(cause)) throw cause;
    const message = `the Docker engine at ${host} cannot be reached (${cause.message}): is it running, and may this user use it? Another is named by docker.host in the agent's file, or by DOCKER_HOST`;
    throw new RelaunchError('BackendUnavailable', message, { cause });
  }
}
