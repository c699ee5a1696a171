import type { AttemptRef } from '../backend.ts';
import { readAttemptRecord, recordAttempt } from './attempt-record.ts';
import type { ProcessContext } from './context.ts';
import { putIfAbsent, readIfThere } from './files.ts';
import { jobProcesses } from './job-processes.ts';
import { attemptFiles } from './layout.ts';
import { preventStart } from './start-lock.ts';
import { pause } from '../waiting.ts';

/** Between two looks at whether a job has ended by itself. */
const lookMs = 50;

/** TERM, grace, KILL; see Backend.stop. What had not started, never will. */
export async function stopAttempt(
  context: ProcessContext,
  ref: AttemptRef,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const files = attemptFiles(context.home, ref);
  const record = (await readAttemptRecord(files.record)) ?? (await recordAttempt(context, files, ref, ''));
  if (record.ref.uid !== ref.uid) return;
  await putIfAbsent(files.stopping, '');
  const job = jobProcesses(context, files, ref, await preventStart(files));
  signal.throwIfAborted();
  await job.terminate();
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline && (await readIfThere(files.exit)) === undefined && (await job.isRunning())) {
    await pause(Math.min(lookMs, Math.max(1, deadline - performance.now())), signal);
  }
  await job.kill(signal);
}
