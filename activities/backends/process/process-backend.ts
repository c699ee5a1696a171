import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RelaunchError } from '../../../contracts/failures.ts';
import type { Backend } from '../backend.ts';
import { noSubmitterArgs } from '../no-submitter-args.ts';
import type { ProcessPoint, SubmitContext } from './context.ts';
import { errorCode } from './files.ts';
import { followAttempt } from './follow.ts';
import { forgetRun, keptRuns } from './kept.ts';
import { processRoot } from './layout.ts';
import { listAttempts } from './list.ts';
import { linux } from './platform-linux.ts';
import { macos } from './platform-macos.ts';
import type { Platform } from './platform.ts';
import { releaseAttempt } from './release.ts';
import { checkProcessArgs } from './resource-args.ts';
import { stopAttempt } from './stop.ts';
import { submitAttempt } from './submit.ts';
import { unlessAborted } from '../waiting.ts';

export interface ProcessBackendOptions {
  /** RELAUNCH_HOME. Jobs live in `<home>/process`, and nobody else's user may look into it. */
  home: string;
  /** The environment of every job, before its queue's and its own: PATH, HOME, LANG. Nothing of the agent's own gets there by itself. */
  baseEnv: Record<string, string>;
  /** The name of this host, for outcomes. */
  node: string;
  /** Milliseconds between two looks at a running job. Default 200. */
  pollMs?: number;
  /** The POSIX shell that runs the wrapper of each job. Default /bin/sh. */
  shell?: string;
  /** How processes are looked at. Default: as on this system. */
  platform?: Platform;
  /** Called after each step of a submit: fault tests die there. */
  reached?: (point: ProcessPoint) => void | Promise<void>;
}

/** Attempts as processes of this host, Linux or macOS, in sessions of their own: they go on without the agent, and it finds them again. */
export function createProcessBackend(options: ProcessBackendOptions): Backend {
  const context: SubmitContext = {
    home: resolve(options.home),
    baseEnv: options.baseEnv,
    node: options.node,
    pollMs: options.pollMs ?? 200,
    shell: options.shell ?? '/bin/sh',
    platform: options.platform ?? (process.platform === 'darwin' ? macos : linux),
    reached: options.reached ?? (() => undefined),
  };
  const guarded = <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> =>
    atBorder(context.home, signal, work);
  return {
    name: 'process',
    hostBound: true,
    sources: ['code'],
    checkResourceArgs: checkProcessArgs,
    whyUnmounted: () => 'backend "process" has no images',
    submitters: noSubmitterArgs('process'),
    placeOf: () => undefined,
    check: (_resourceArgs, signal) => guarded(signal, () => check(context)),
    submit: (attempt, signal) => guarded(signal, () => submitAttempt(context, attempt, signal)),
    follow: (ref, sink, signal) =>
      guarded(signal, () => unlessAborted(signal, () => followAttempt(context, ref, sink, signal))),
    stop: (ref, graceMs, signal) => guarded(signal, () => stopAttempt(context, ref, graceMs, signal)),
    release: (ref, signal) => guarded(signal, () => releaseAttempt(context, ref, signal)),
    agents: () => Promise.resolve([]),
    list: (agent) => guarded(undefined, () => listAttempts(context, agent)),
    keeps: (entity) => guarded(undefined, () => keptRuns(context, entity)),
    forget: (entity, run) => guarded(undefined, () => forgetRun(context, entity, run)),
    close: () => undefined,
  };
}

async function check(context: SubmitContext): Promise<void> {
  await mkdir(processRoot(context.home), { recursive: true, mode: 0o700 });
  await access(processRoot(context.home), constants.W_OK | constants.X_OK);
  await access(context.shell, constants.X_OK);
}

/** Errors of the system (a full disk, no permission, no processes left) become ours, to be tried again. */
async function atBorder<T>(home: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await work();
  } catch (cause) {
    if (signal?.aborted === true || errorCode(cause) === undefined) throw cause;
    const message = `the process backend cannot work in ${home}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new RelaunchError('BackendUnavailable', message, { cause });
  }
}
