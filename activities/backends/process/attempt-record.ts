import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import { RelaunchError } from '../../../contracts/failures.ts';
import type { AttemptRef } from '../backend.ts';
import type { ProcessContext } from './context.ts';
import { putIfAbsent, readIfThere } from './files.ts';
import type { AttemptFiles } from './layout.ts';

/** Whose directory this is: attempt.json, written before anything runs and never changed. */
export const attemptRecord = z.object({
  ref: z.object({ entity: z.string(), run: z.string(), attempt: z.int().min(1), uid: z.string() }),
  /** Empty: recorded only so that it can never start. */
  agent: z.string(),
  bootId: z.string(),
  createdAt: z.string(),
});
export type AttemptRecord = z.infer<typeof attemptRecord>;

/** Undefined where there is none. @throws RelaunchError AttemptRefused where it is damaged. */
export async function readAttemptRecord(path: string): Promise<AttemptRecord | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return attemptRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new RelaunchError('AttemptRefused', `${path} is damaged: remove its directory`, { cause });
  }
}

/** Records the attempt as ours, or finds it recorded. @throws RelaunchError AttemptRefused where the directory is another's. */
export async function recordAttempt(
  context: ProcessContext,
  files: AttemptFiles,
  ref: AttemptRef,
  agent: string,
): Promise<AttemptRecord> {
  const record = { ref, agent, bootId: await context.platform.bootId(), createdAt: new Date().toISOString() };
  await mkdir(files.directory, { recursive: true, mode: 0o700 });
  if (await putIfAbsent(files.record, `${JSON.stringify(record)}\n`)) return record;
  const first = await readAttemptRecord(files.record);
  if (first === undefined) {
    throw new RelaunchError('BackendUnavailable', `${files.record} was removed while it was read`);
  }
  refuseForeign(first, ref, files);
  return first;
}

/** @throws RelaunchError AttemptRefused where the record has another uid. */
export function refuseForeign(record: AttemptRecord, ref: AttemptRef, files: AttemptFiles): void {
  if (record.ref.uid === ref.uid) return;
  throw new RelaunchError(
    'AttemptRefused',
    `${files.directory} belongs to another run of the name "${ref.run}" (uid ${record.ref.uid}, not ${ref.uid}): launch under another name, or remove it once that run has ended`,
  );
}
