import { readFileSync, readdirSync } from 'node:fs';
import type { AttemptRef } from '../../activities/backends/backend.ts';

/** The processes that carry an attempt's environment and are no zombies. */
export function pidsOf(ref: AttemptRef): number[] {
  return pidsWith(
    (environment) =>
      environment.includes(`RELAUNCH_RUN_ID=${ref.run}`) &&
      environment.includes(`RELAUNCH_ATTEMPT=${String(ref.attempt)}`),
  );
}

/** Ends what a test left running on purpose, such as the job of an agent that never comes back. */
export function killJobsOf(home: string): void {
  for (const pid of jobPidsIn(home)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
}

/** All processes of jobs on hosts whose directories are below this one. */
export const jobPidsIn = (directory: string): number[] =>
  pidsWith((environment) => environment.some((each) => each.startsWith(`RELAUNCH_CHECKPOINT_DIR=${directory}/`)));

/** The processes whose environment is `wanted` and that are no zombies. */
export function pidsWith(wanted: (environment: string[]) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return isRunning(pid) && wanted(readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0'));
      } catch {
        return false;
      }
    });
}

/** Whether a process runs and is no zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
