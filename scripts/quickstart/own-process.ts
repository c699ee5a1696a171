import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Without what the environment names of Temporal and of us. */
export function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = (name: string): boolean =>
    /^(TEMPORAL|RELAUNCH)_/.test(name) && name !== 'TEMPORAL_CLI_PATH' && name !== 'RELAUNCH_DEBUG';
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign(name)));
}

export const isGone = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

export interface Start {
  isUp(): boolean | Promise<boolean>;
  patienceMs: number;
  /** Ends it, where it does not come up. */
  stop(): Promise<void>;
  /** What is said then. */
  complaint: string;
  signal: AbortSignal;
}

/** Waits until a process is up. @throws the signal's reason, or an Error with the complaint */
export async function untilUp(
  child: ChildProcess,
  { isUp, patienceMs, stop, complaint, signal }: Start,
): Promise<void> {
  for (let waitedMs = 0; !(await isUp()); waitedMs += 100) {
    if (isGone(child) || waitedMs > patienceMs || signal.aborted) {
      await stop();
      signal.throwIfAborted();
      throw new Error(complaint);
    }
    await sleep(100);
  }
}
