import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { processRoot } from '../../activities/backends/process/layout.ts';
import { unlessMissing } from '../../activities/backends/process/files.ts';
import { pidsWith } from './process-pids.ts';

/** What of a run is left on a host once it has ended: processes, directories of attempts. Its checkpoint may stay. */
export async function leavingsOf(home: string, run: string): Promise<string[]> {
  const all = await filesOf(home, run);
  return [...processesOf(run), ...all.filter((name) => name !== 'checkpoint')];
}

/** The same, once it was deleted: nothing may stay. */
export async function leavingsOfDeleted(home: string, run: string): Promise<string[]> {
  return [...processesOf(run), ...(await filesOf(home, run))];
}

/** The processes that carry the environment of any attempt of a run. */
export function processesOf(run: string): string[] {
  return pidsWith((environment) => environment.includes(`RELAUNCH_RUN_ID=${run}`)).map(
    (pid) => `process ${String(pid)}`,
  );
}

async function filesOf(home: string, run: string): Promise<string[]> {
  const root = processRoot(home);
  const entities = (await unlessMissing(readdir(root))) ?? [];
  const found = await Promise.all(entities.map((entity) => unlessMissing(readdir(join(root, entity, run)))));
  return found.flatMap((names) => names ?? []);
}
