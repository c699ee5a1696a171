import { randomUUID } from 'node:crypto';
import { readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './process-alive.ts';

/** Where processes of other containers write as well, a living one may look dead. It begins a write again whose file is gone. */
export const oldTempMs = 60_000;

/** Writes a new file of this process into `directory`. Answers its path. */
export async function writeTemp(directory: string, bytes: Uint8Array): Promise<string> {
  const path = join(directory, `${String(process.pid)}-${randomUUID()}`);
  try {
    await writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    await removeTemp(path);
    throw error;
  }
  return path;
}

/** Removes a file of {@link writeTemp} that may be gone. Never fails: {@link removeDeadTemps} comes after it. */
export async function removeTemp(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** Removes the files that died with their process: older than a minute, of a pid that is not running. Never fails. */
export async function removeDeadTemps(directory: string, now: number): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const path = join(directory, name);
    const pid = Number(/^(\d+)-/.exec(name)?.[1]);
    const age = await stat(path).then(
      ({ mtimeMs }) => now - mtimeMs,
      () => 0,
    );
    if (age > oldTempMs && pid > 0 && !isAlive(pid)) await removeTemp(path);
  }
}
