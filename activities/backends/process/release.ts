import { randomUUID } from 'node:crypto';
import { readdir, rename, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { AttemptRef } from '../backend.ts';
import { readAttemptRecord } from './attempt-record.ts';
import type { ProcessContext } from './context.ts';
import { removeTree, unlessMissing } from './files.ts';
import { jobProcesses } from './job-processes.ts';
import { attemptFiles, type AttemptFiles } from './layout.ts';
import { preventStart } from './start-lock.ts';

/** Ends and removes an attempt; see Backend.release. The checkpoint stays: the run's next attempt needs it. */
export async function releaseAttempt(context: ProcessContext, ref: AttemptRef, signal: AbortSignal): Promise<void> {
  const files = attemptFiles(context.home, ref);
  const record = await readAttemptRecord(files.record);
  if (record !== undefined) {
    if (record.ref.uid !== ref.uid) return;
    await jobProcesses(context, files, ref, await preventStart(files)).kill(signal);
    signal.throwIfAborted();
  }
  // Under its new name it is nobody's attempt: a crash from here on leaves only what the next release of it removes.
  await unlessMissing(rename(files.directory, `${files.directory}.${randomUUID()}.gone`));
  await removeGone(files);
  await rmdir(files.run).catch(() => undefined);
}

async function removeGone(files: AttemptFiles): Promise<void> {
  const siblings = (await unlessMissing(readdir(files.run))) ?? [];
  const gone = siblings.filter((name) => name.startsWith(`${basename(files.directory)}.`) && name.endsWith('.gone'));
  for (const name of gone) await removeTree(join(files.run, name));
}
