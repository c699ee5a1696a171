import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readDevRecord, type Settings } from '../../client/index.ts';
import { isAlive } from '../../store/process-alive.ts';
import { isGone, ownEnvironment, untilUp } from './own-process.ts';

/** A `relaunch dev` as a process of its own. */
export interface DevProcess {
  pid: number;
  settings: Settings;
  /** As Ctrl-C does. Resolves when it is gone, and its server. */
  stop(): Promise<void>;
}

/** The first start fetches the Temporal server. */
const startPatienceMs = 300_000;
const stopPatienceMs = 60_000;

export interface DevOptions {
  /** Empty. */
  home: string;
  /** What it names of Temporal and of us is left out. */
  env: NodeJS.ProcessEnv;
  /** It will outlive us, so it does not write to our terminal. */
  keep: boolean;
  /** Live runs at a time; default: dev's own. */
  maxJobs?: number | undefined;
  signal: AbortSignal;
}

/** Starts `relaunch dev` and waits until it serves. */
export async function startDev({ home, env, keep, maxJobs, signal }: DevOptions): Promise<DevProcess> {
  const output = openSync(join(home, 'dev.log'), 'w');
  const command = fileURLToPath(new URL('../relaunch.ts', import.meta.url));
  const jobs = maxJobs === undefined ? [] : ['--max-jobs', String(maxJobs)];
  const child = spawn(process.execPath, [command, 'dev', '--entity', 'default', ...jobs], {
    // Not in the terminal's group: it outlives us with --keep, and is stopped by us otherwise.
    detached: true,
    stdio: ['ignore', output, keep ? output : 'inherit'],
    env: { ...ownEnvironment(env), RELAUNCH_HOME: home },
  });
  closeSync(output);
  child.unref();
  const ended = once(child, 'exit');
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    child.ref();
    const server = readDevRecord(home)?.serverPid;
    if (!isGone(child)) child.kill('SIGINT');
    await Promise.race([ended, sleep(stopPatienceMs, undefined, { ref: false })]);
    if (isGone(child)) return;
    child.kill('SIGKILL');
    if (server !== undefined && isAlive(server)) process.kill(server, 'SIGKILL');
  };
  await untilUp(child, {
    isUp: () => readDevRecord(home)?.pid === pid,
    patienceMs: startPatienceMs,
    stop,
    complaint: `relaunch dev did not start (${join(home, 'dev.log')})`,
    signal,
  });
  return { pid, settings: settingsOf(home), stop };
}

function settingsOf(home: string): Settings {
  const dev = readDevRecord(home);
  if (dev === undefined) throw new Error(`${home}/dev.json has gone`);
  const storeUrl = pathToFileURL(join(home, 'store', dev.namespace)).href;
  return { home, entity: dev.namespace, temporal: { address: dev.address }, storeUrl, uiUrl: dev.uiUrl };
}
