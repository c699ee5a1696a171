import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { jobEnvironment } from '../../../contracts/environment.ts';
import { RelaunchError } from '../../../contracts/failures.ts';
import type { Attempt } from '../backend.ts';
import { recordAttempt } from './attempt-record.ts';
import type { SubmitContext } from './context.ts';
import { fillDirectory, isThere, readIfThere } from './files.ts';
import { attemptFiles, type AttemptFiles } from './layout.ts';
import { parseProcessArgs } from './resource-args.ts';
import { secretVariables } from './secret-files.ts';
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
  const secrets = await secretVariables(attempt, files);
  await context.reached('process:unpacked');
  signal.throwIfAborted();

  if (await hasStarted(files)) return;
  const child = await startWrapper(context.shell, files, [...attempt.plan.entrypoint, ...attempt.plan.args], {
    ...env,
    ...secrets,
  });
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

async function unpackSource(attempt: Attempt, files: AttemptFiles): Promise<void> {
  await fillDirectory(files.source, (unpacked) => attempt.unpackSource(unpacked));
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
