import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptRef } from '../backend.ts';
import { readAttemptRecord } from './attempt-record.ts';
import type { ProcessContext } from './context.ts';
import { unlessMissing } from './files.ts';
import { jobProcesses } from './job-processes.ts';
import { attemptDirectory, attemptFiles, processRoot } from './layout.ts';
import { readPid } from './start-lock.ts';

/** The attempts of an agent on this host, and of none; see Backend.list. One that has not started is not live: its submit still has its permit. */
export async function listAttempts(
  context: ProcessContext,
  agent: string,
): Promise<{ ref: AttemptRef; live: boolean }[]> {
  const root = processRoot(context.home);
  const found: { ref: AttemptRef; live: boolean }[] = [];
  for (const entity of await names(root)) {
    for (const run of await names(join(root, entity))) {
      for (const name of await names(join(root, entity, run))) {
        if (!attemptDirectory.test(name)) continue;
        const directory = join(root, entity, run, name);
        const record = await readAttemptRecord(join(directory, 'attempt.json')).catch(() => undefined);
        if (record === undefined || !['', agent].includes(record.agent)) continue;
        if (attemptFiles(context.home, record.ref).directory !== directory) continue;
        found.push({ ref: record.ref, live: await isLive(context, record.ref) });
      }
    }
  }
  return found;
}

async function isLive(context: ProcessContext, ref: AttemptRef): Promise<boolean> {
  const files = attemptFiles(context.home, ref);
  const pid = await readPid(files);
  return pid !== undefined && (await jobProcesses(context, files, ref, pid).isRunning());
}

async function names(directory: string): Promise<string[]> {
  return ((await unlessMissing(readdir(directory, { withFileTypes: true }))) ?? [])
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
