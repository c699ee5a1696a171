import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessContext } from './context.ts';
import { removeTree, unlessMissing } from './files.ts';
import { attemptDirectory, pathPart, processRoot } from './layout.ts';

/** The runs of an entity that have a directory here; see Backend.keeps. */
export async function keptRuns(context: ProcessContext, entity: string): Promise<string[]> {
  const entries = await unlessMissing(
    readdir(join(processRoot(context.home), pathPart(entity)), { withFileTypes: true }),
  );
  return (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Removes a run's checkpoint, and what a release left behind that died; see Backend.forget. */
export async function forgetRun(context: ProcessContext, entity: string, run: string): Promise<void> {
  const directory = join(processRoot(context.home), pathPart(entity), pathPart(run));
  const names = (await unlessMissing(readdir(directory))) ?? [];
  if (names.some((name) => attemptDirectory.test(name))) return;
  for (const name of names) await removeTree(join(directory, name));
  await unlessMissing(rmdir(directory));
}
