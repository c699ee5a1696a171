import { stat } from 'node:fs/promises';
import type { AttemptRef, Sink, Verdict } from '../backend.ts';
import { readAttemptRecord, recordAttempt, refuseForeign } from './attempt-record.ts';
import type { ProcessContext } from './context.ts';
import { unlessMissing } from './files.ts';
import { jobProcesses } from './job-processes.ts';
import { attemptFiles, type AttemptFiles } from './layout.ts';
import { openOutput } from './output.ts';
import { givenSecrets } from './secret-files.ts';
import { neverStarts, preventStart, readPid } from './start-lock.ts';
import { lost, verdictOf } from './verdict.ts';
import { pause } from '../waiting.ts';

/** A recorded attempt whose wrapper is not there by then has nobody who submits it. */
const startWithinMs = 5_000;

/** Follows an attempt to its end; see Backend.follow. Whatever it calls never started can never start afterwards. */
export async function followAttempt(
  context: ProcessContext,
  ref: AttemptRef,
  sink: Sink,
  signal: AbortSignal,
): Promise<Verdict> {
  const files = attemptFiles(context.home, ref);
  const found = await readAttemptRecord(files.record);
  if (found !== undefined) refuseForeign(found, ref, files);
  signal.throwIfAborted();
  const record = found ?? (await recordAttempt(context, files, ref, ''));
  const pid = await startedPid(files, found === undefined ? 0 : startWithinMs, context.pollMs, signal);
  if (pid === neverStarts) return lost(context, 'never-started', 'the job was never started');

  const at = await writtenAt(files.pid);
  signal.throwIfAborted();
  sink.hides(await givenSecrets(files));
  sink.observed({ phase: 'running', node: context.node, at });
  const job = jobProcesses(context, files, ref, pid);
  const output = openOutput(files, sink, signal);
  while ((await writtenAt(files.exit)) === undefined && (await job.isWatched())) {
    signal.throwIfAborted();
    if (!(await output.read())) await pause(context.pollMs, signal);
  }
  await job.kill(signal);
  await output.finish();
  return verdictOf(context, files, record);
}

async function startedPid(files: AttemptFiles, withinMs: number, pollMs: number, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const pid = await readPid(files);
    signal.throwIfAborted();
    if (pid !== undefined) return pid;
    if (performance.now() >= deadline) return preventStart(files);
    await pause(pollMs, signal);
  }
}

async function writtenAt(path: string): Promise<string | undefined> {
  return (await unlessMissing(stat(path)))?.mtime.toISOString();
}
