import { constants } from 'node:os';
import { stripVTControlCharacters } from 'node:util';

/** A line of a job's output without colours and control characters. */
export function plain(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/\p{Cc}/gu, '')
    .trimEnd();
}

/** Labels and annotations are read in full wherever there are many. */
const mostWarnings = 20;

/** Warnings as what is kept with an attempt, a line each. */
export const warningText = (warnings: readonly string[]): string =>
  [
    ...warnings.slice(0, mostWarnings),
    ...(warnings.length > mostWarnings ? [`and ${String(warnings.length - mostWarnings)} more such warnings`] : []),
  ].join('\n');

/** What a shell's exit code above 128 stands for. */
export function signalOf(exitCode: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return name === undefined ? '' : `the job was ended by ${name}`;
}
