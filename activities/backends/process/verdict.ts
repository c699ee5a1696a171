import { open, stat } from 'node:fs/promises';
import type { LostReason } from '../../../contracts/outcome.ts';
import type { Verdict } from '../backend.ts';
import { plain, signalOf } from '../words.ts';
import type { AttemptRecord } from './attempt-record.ts';
import type { ProcessContext } from './context.ts';
import { readIfThere, unlessMissing } from './files.ts';
import type { AttemptFiles } from './layout.ts';

const messageLines = 10;
const messageBytes = 2 * 1024;

/** The verdict on an attempt of which nothing runs any more, by the exit code that its wrapper left. */
export async function verdictOf(context: ProcessContext, files: AttemptFiles, record: AttemptRecord): Promise<Verdict> {
  const exit = await readExit(files);
  if (exit === undefined) {
    return (await context.platform.bootId()) === record.bootId
      ? lost(context, 'vanished', 'the job ended without an exit code: all of it was killed from outside')
      : lost(context, 'runtime-restart', 'the machine was restarted while the job ran');
  }
  const { code: exitCode, at } = exit;
  if (exitCode === 0) return { kind: 'succeeded', exitCode, at, node: context.node };
  const message = (await lastWords(files)) || signalOf(exitCode);
  const words = message === '' ? {} : { message };
  return { kind: 'failed', cause: 'exit-code', exitCode, at, node: context.node, ...words };
}

/** An attempt that has no exit code and never will. */
export function lost(context: ProcessContext, reason: LostReason, message: string): Verdict {
  return { kind: 'lost', reason, at: new Date().toISOString(), node: context.node, message };
}

async function readExit(files: AttemptFiles): Promise<{ code: number; at: string } | undefined> {
  const text = await readIfThere(files.exit);
  const found = await unlessMissing(stat(files.exit));
  if (text === undefined || found === undefined || !/^\d{1,3}\s*$/.test(text)) return undefined;
  return { code: Number(text), at: found.mtime.toISOString() };
}

/** The last lines of stderr, without colours and control characters. */
async function lastWords(files: AttemptFiles): Promise<string> {
  const file = await unlessMissing(open(files.stderr, 'r'));
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - messageBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(messageBytes), 0, messageBytes, from);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n').map(plain);
    const whole = from > 0 && lines.length > 1 ? lines.slice(1) : lines;
    return whole
      .filter((line) => line !== '')
      .slice(-messageLines)
      .join('\n');
  } finally {
    await file.close();
  }
}
