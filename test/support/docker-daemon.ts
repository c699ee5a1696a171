import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { kill } from 'node:process';
import { expect } from 'vitest';
import type { DockerHarness } from './docker-harness.ts';

/** Ends the testbed's Engine as a machine that shuts down does: it ends its containers, which else live on. `upOwnDocker` starts it again. */
export async function shutDownEngine({ testbed, docker }: DockerHarness): Promise<void> {
  const run = dirname(new URL(testbed.dockerHost).pathname);
  const pid = Number(await readFile(join(run, 'dockerd.pid'), 'utf8'));
  const file = join(testbed.stateDir, 'engine', 'daemon.json');
  const settings = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...settings, 'live-restore': false }));
  kill(pid, 'SIGHUP');
  const isLive = async (): Promise<unknown> =>
    ((await docker.info()) as { LiveRestoreEnabled: boolean }).LiveRestoreEnabled;
  await expect.poll(isLive, { timeout: 10_000 }).toBe(false);
  kill(pid, 'SIGTERM');
  await expect.poll(() => isGone(pid), { timeout: 30_000 }).toBe(true);
}

async function isGone(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => 'State:\tZ');
  return status.includes('State:\tZ');
}
