import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';

/** What a job writes first: when it started, and the group that all its processes are in. */
export interface Mark {
  atMs: number;
  group: number;
}

/** Shell text that leaves the mark of its attempt. */
export const leaveMark = ({ home }: Cluster): string =>
  `echo "$(date +%s%N) $PPID" > ${home}/mark-$RELAUNCH_RUN_ID-$RELAUNCH_ATTEMPT`;

export function markOf({ home }: Cluster, run: string, attempt: number): Promise<Mark> {
  return until(`attempt ${String(attempt)} of ${run} has started`, async () => {
    const text = await readFile(join(home, `mark-${run}-${String(attempt)}`), 'utf8');
    const [nanoseconds = '', group = ''] = text.trim().split(' ');
    return text.endsWith('\n') && { atMs: Number(nanoseconds) / 1e6, group: Number(group) };
  });
}

/** Looks every 2 ms. */
export async function untilGroupIsGone(group: number): Promise<void> {
  while (isThere(group)) await sleep(2);
}

function isThere(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}
