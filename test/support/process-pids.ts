import { readFileSync, readdirSync } from 'node:fs';
import type { AttemptRef } from '../../activities/backends/backend.ts';

/** The processes that carry an attempt's environment and are no zombies. */
export function pidsOf(ref: AttemptRef): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
        return (
          isRunning(pid) &&
          environment.includes(`RELAUNCH_RUN_ID=${ref.run}`) &&
          environment.includes(`RELAUNCH_ATTEMPT=${String(ref.attempt)}`)
        );
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
