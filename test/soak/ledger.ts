import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Cluster } from '../support/cluster.ts';
import { ledgerOf } from './counted-job.ts';

/** A line of the ledger: what a job itself says of its start and end. Their order is that in which they happened. */
export interface Mark {
  atMs: number;
  what: 'start' | 'end';
  run: string;
  attempt: number;
  pid: number;
  /** Lines that it had written by then. */
  lines: number;
  /** Where its agent runs, by the path of its checkpoint. */
  host: string;
}

export async function readLedger(cluster: Cluster): Promise<Mark[]> {
  const text = await readFile(ledgerOf(cluster), 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => markOf(line, cluster.home));
}

function markOf(line: string, home: string): Mark {
  const [atMs, what, run, attempt, pid, lines, checkpoint = ''] = line.split(' ');
  if ((what !== 'start' && what !== 'end') || run === undefined) throw new Error(`a torn line in the ledger: ${line}`);
  const host = relative(home, checkpoint).split(join('/', 'process', '/'))[0] ?? '';
  return { atMs: Number(atMs), what, run, attempt: Number(attempt), pid: Number(pid), lines: Number(lines), host };
}

/** Attempts that started more than once or out of order, and runs of which two lived at a time, in words. */
export function doubles(marks: readonly Mark[]): string[] {
  const found: string[] = [];
  const last = new Map<string, Mark>();
  for (const mark of marks) {
    const before = last.get(mark.run);
    const name = `run ${mark.run} attempt ${String(mark.attempt)}`;
    last.set(mark.run, mark);
    if (mark.what === 'end') {
      if (before?.what !== 'start' || before.attempt !== mark.attempt) found.push(`${name} ended without a start`);
    } else if (before?.what === 'start') {
      found.push(`${name} started while attempt ${String(before.attempt)} lived`);
    } else if (before !== undefined && before.attempt >= mark.attempt) {
      found.push(`${name} started after attempt ${String(before.attempt)} had ended`);
    }
  }
  return found;
}

/** The most that lived at a time, by the ledger. */
export function mostLive(marks: readonly Mark[]): number {
  let live = 0;
  return Math.max(0, ...marks.map(({ what }) => (live += what === 'start' ? 1 : -1)));
}
