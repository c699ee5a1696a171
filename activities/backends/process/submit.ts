import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rename, stat } from 'node:fs/promises';
import { jobEnvironment } from '../../../contracts/environment.ts';
import { RelaunchError } from '../../../contracts/failures.ts';
import type { Attempt } from '../backend.ts';
import { recordAttempt } from './attempt-record.ts';
import type { SubmitContext } from './context.ts';
import { errorCode, readIfThere, removeTree, unlessMissing } from './files.ts';
import { attemptFiles, type AttemptFiles } from './layout.ts';
import { parseProcessArgs } from './resource-args.ts';
import { readPid } from './start-lock.ts';
import { startWrapper } from './start-wrapper.ts';
import { pause } from '../waiting.ts';

/** Between two looks at whether the wrapper has begun. */
const lookMs = 5;

/** Records, unpacks, starts; see Backend.submit. Each step is skipped where it was done before, and safe where it is done twice at once. */
export async function submitAttempt(context: SubmitContext, attempt: Attempt, signal: AbortSignal): Promise<void> {
  const files = attemptFiles(context.home, attempt.ref);
  const env = environmentOf(context, attempt, files);
  await recordAttempt(context, files, attempt.ref, attempt.agent);
  await context.reached('process:attempt-recorded');
  if (await hasStarted(files)) return;

  await mkdir(files.checkpoint, { recursive: true, mode: 0o700 });
  await unpackSource(attempt, files);
  await context.reached('process:unpacked');
  signal.throwIfAborted();

  if (await hasStarted(files)) return;
  const child = await startWrapper(context.shell, files, [...attempt.plan.entrypoint, ...attempt.plan.args], env);
  await context.reached('process:spawned');
  await wrapperHasBegun(files, child, signal);
}

function environmentOf(context: SubmitContext, attempt: Attempt, files: AttemptFiles): Record<string, string> {
  const { plan, ref } = attempt;
  return {
    ...context.baseEnv,
    ...parseProcessArgs(plan.resourceArgs).env,
    ...jobEnvironment({ plan, attempt: ref.attempt, checkpointDir: files.checkpoint }),
  };
}

async function hasStarted(files: AttemptFiles): Promise<boolean> {
  return (await readPid(files)) !== undefined || (await readIfThere(files.exit)) !== undefined;
}

/** Unpacks beside and moves into place, so that there is the whole source or none. */
async function unpackSource(attempt: Attempt, files: AttemptFiles): Promise<void> {
  if (await isThere(files.source)) return;
  const unpacked = `${files.source}.${randomUUID()}`;
  await mkdir(unpacked, { mode: 0o700 });
  try {
    await attempt.unpackSource(unpacked);
    if (!(await isThere(files.source))) await rename(unpacked, files.source);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await removeTree(unpacked);
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await unlessMissing(stat(path))) !== undefined;
}

async function wrapperHasBegun(files: AttemptFiles, child: ChildProcess, signal: AbortSignal): Promise<void> {
  while (!(await hasStarted(files))) {
    if ((child.exitCode ?? child.signalCode) !== null && !(await hasStarted(files))) {
      if (!(await isThere(files.record)))
        throw new RelaunchError(
          'BackendUnavailable',
          `${files.directory} was released while its job was being started`,
        );
      const said = ((await readIfThere(files.stderr)) ?? '').trim().slice(-500);
      throw new RelaunchError('BackendUnavailable', `the job could not be started in ${files.directory}: ${said}`);
    }
    await pause(lookMs, signal);
  }
}
