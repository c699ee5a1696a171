import { CommanderError } from 'commander';
import { ClientError } from '../client/index.ts';
import { RelaunchError } from '../contracts/failures.ts';
import { forDisplay } from '../store/display.ts';

export const exitCode = { succeeded: 0, failed: 1, badInput: 2, cancelled: 3, interrupted: 130 } as const;

export interface Complaint {
  /** Lines for stderr; none where everything is said. */
  lines: string[];
  code: number;
}

/** An error as a user reads it: sentences that begin with `error: `. The stack only where `debug`. */
export function complaintOf(error: unknown, debug: boolean): Complaint {
  if (error instanceof CommanderError) {
    const code = error.exitCode === 0 ? exitCode.succeeded : exitCode.badInput;
    // Commander has written its own sentence already.
    return { lines: [], code };
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  const [first = '', ...rest] = message.split('\n');
  const lines = [
    `error: ${forDisplay(first)}`,
    ...rest.filter((line) => line.trim() !== '').map((line) => `  ${forDisplay(line)}`),
  ];
  if (debug && error instanceof Error && error.stack !== undefined) lines.push(...stackOf(error));
  return { lines, code: isBadInput(error) ? exitCode.badInput : exitCode.failed };
}

function isBadInput(error: unknown): boolean {
  if (error instanceof RelaunchError) return error.type === 'LaunchRejected';
  return error instanceof ClientError && (error.code === 'bad-input' || error.code === 'queue-exists');
}

function stackOf(error: Error): string[] {
  const cause = error.cause instanceof Error ? ['caused by:', ...stackOf(error.cause)] : [];
  return [...(error.stack ?? '').split('\n'), ...cause];
}
