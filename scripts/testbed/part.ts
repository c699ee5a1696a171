import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupDirs } from './cgroups.ts';
import type { Place } from './place.ts';

/** A process of a testbed. Its command line names the state directory, by which it is recognised. */
export interface Part {
  name: string;
  command: readonly [string, ...string[]];
  env?: Readonly<Record<string, string>>;
  /** Whether it lives in the testbed's own cgroups. */
  confined?: boolean;
}

export const logOf = ({ stateDir }: Place, name: string): string => join(stateDir, `${name}.log`);
const pidFileOf = ({ stateDir }: Place, name: string): string => join(stateDir, `${name}.pid`);

/**
 * The pid of a part that runs. The number in a pid file may long be another process's, and a killed process stays a zombie
 * for a while: ours name the state directory on their command line, and a zombie has none.
 */
export async function pidOf(place: Place, name: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(pidFileOf(place, name), 'utf8'));
    return (await commandOf(pid)).includes(`${place.stateDir}/`) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The command line of a process. It is empty also for a moment, while the process becomes another program: a look then is repeated. */
async function commandOf(pid: number): Promise<string> {
  for (let looks = 1; ; looks++) {
    const command = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8');
    if (command !== '' || looks === 20) return command;
    if (/^State:\s+Z/m.test(await readFile(`/proc/${String(pid)}/status`, 'utf8'))) return command;
    await sleep(5);
  }
}

/**
 * Starts a part in a session of its own, unless it runs. It outlives us. A shell first writes down its own pid and moves itself into
 * the cgroups, and then becomes the part: nothing of it is ever unknown or outside, whenever we are killed.
 */
export async function start(place: Place, part: Part): Promise<void> {
  if ((await pidOf(place, part.name)) !== undefined) return;
  const cgroups = part.confined === true ? await cgroupDirs(place.cgroup) : [];
  const moves = cgroups.map((dir) => `echo $$ >${join(dir, 'system', 'cgroup.procs')}`);
  const script = ['set -e', 'echo $$ >"$0"', ...moves, 'exec "$@"'].join('\n');
  const log = openSync(logOf(place, part.name), 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', script, pidFileOf(place, part.name), ...part.command], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...part.env },
  });
  closeSync(log);
  child.unref();
  await once(child, 'spawn');
  while (child.exitCode === null && (await pidOf(place, part.name)) !== child.pid) await sleep(5);
}

/** SIGKILL. Resolves when the process is gone. */
export async function kill(place: Place, name: string): Promise<void> {
  const pid = await pidOf(place, name);
  if (pid !== undefined) {
    process.kill(pid, 'SIGKILL');
    while ((await pidOf(place, name)) === pid) await sleep(10);
  }
  await rm(pidFileOf(place, name), { force: true });
}
