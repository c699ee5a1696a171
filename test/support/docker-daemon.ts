import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { kill } from 'node:process';
import type { DockerHarness } from './docker-harness.ts';
import { until } from './until.ts';

/** Ends the testbed's Engine as a machine that shuts down does: it ends its containers, which else live on. `upOwnDocker` starts it again. */
export async function shutDownEngine({ testbed, docker }: Pick<DockerHarness, 'testbed' | 'docker'>): Promise<void> {
  const run = dirname(new URL(testbed.dockerHost).pathname);
  const pid = Number(await readFile(join(run, 'dockerd.pid'), 'utf8'));
  const file = join(testbed.stateDir, 'engine', 'daemon.json');
  const settings = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...settings, 'live-restore': false }));
  kill(pid, 'SIGHUP');
  const isLive = async (): Promise<unknown> =>
    ((await docker.info()) as { LiveRestoreEnabled: boolean }).LiveRestoreEnabled;
  await until('containers end with their engine', async () => !(await isLive()), 10_000);
  kill(pid, 'SIGTERM');
  await until('the engine is gone', () => isGone(pid));
}

async function isGone(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => 'State:\tZ');
  return status.includes('State:\tZ');
}
