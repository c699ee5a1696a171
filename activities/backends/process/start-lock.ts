import { putIfAbsent, readIfThere } from './files.ts';
import type { AttemptFiles } from './layout.ts';

/** The process id of an attempt that may never start. */
export const neverStarts = 0;

/**
 * The process id of the wrapper that runs this attempt; {@link neverStarts}; undefined where nothing has started yet.
 * Whoever links `pid` first decides, and for good: wrapper.sh to run the job, or we to prevent it.
 */
export async function readPid(files: AttemptFiles): Promise<number | undefined> {
  const text = await readIfThere(files.pid);
  if (text === undefined) return undefined;
  const pid = Number(text);
  // 1 would be every process there is, as a group to signal.
  return Number.isSafeInteger(pid) && pid > 1 ? pid : neverStarts;
}

/** Makes sure that nothing starts from now on. Answers the wrapper's process id where one was first, else {@link neverStarts}. */
export async function preventStart(files: AttemptFiles): Promise<number> {
  await putIfAbsent(files.pid, `${String(neverStarts)}\n`);
  return (await readPid(files)) ?? neverStarts;
}
