import { execa } from 'execa';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../store/process-alive.ts';

const stopPatienceMs = 10_000;

/** Ends the Temporal server that a killed `relaunch dev` left on a database: two on one would destroy it. Touches no other process. */
export async function stopOrphan(pid: number, database: string): Promise<void> {
  if (!(await isServerOf(pid, database))) return;
  process.kill(pid, 'SIGTERM');
  for (let waitedMs = 0; isAlive(pid); waitedMs += 50) {
    if (waitedMs === stopPatienceMs && (await isServerOf(pid, database))) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
}

/** The pid may long be another process's. */
async function isServerOf(pid: number, database: string): Promise<boolean> {
  const { stdout } = await execa({ reject: false })`ps -ww -o command= -p ${String(pid)}`;
  return stdout.includes('start-dev') && stdout.includes(database);
}
