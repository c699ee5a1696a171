import { constants } from 'node:os';
import { stripVTControlCharacters } from 'node:util';

/** A line of a job's output without colours and control characters. */
export function plain(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/\p{Cc}/gu, '')
    .trimEnd();
}

/** What a shell's exit code above 128 stands for. */
export function signalOf(exitCode: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return name === undefined ? '' : `the job was ended by ${name}`;
}
