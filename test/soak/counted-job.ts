import { join } from 'node:path';
import type { Cluster } from '../support/cluster.ts';
import { eyesIn } from './scenario.ts';

/** By what a look at all processes of the machine knows these jobs. */
export const countedMark = '# counted';

export const ledgerOf = (cluster: Cluster): string => join(eyesIn(cluster), 'ledger');

/**
 * A shell script that writes its starts and ends into the ledger, under a lock that the kernel gives back when its holder dies, and that
 * numbers its lines. `work` uses `say` (a line), `leave CODE` (the end), `$i` (lines so far) and `$ledger`; at TERM the job leaves with 143.
 */
export function countedJob(cluster: Cluster, work: string): string {
  const ledger = ledgerOf(cluster);
  return `${countedMark}
i=0
ledger=${ledger}
at() { flock $ledger.lock sh -c 'echo "$(date +%s%3N) $*" >>${ledger}' at $1 $RELAUNCH_RUN_ID $RELAUNCH_ATTEMPT $$ $i $RELAUNCH_CHECKPOINT_DIR; }
say() { i=$((i+1)); echo "line $RELAUNCH_ATTEMPT $i"; }
leave() { trap '' TERM; at end; exit $1; }
trap 'leave 143' TERM
at start
${work}`;
}

/** Lines in a steady rhythm, then the end. */
export const lines = (count: number, everySeconds: number, exit: number): string =>
  `while [ $i -lt ${String(count)} ]; do say; sleep ${String(everySeconds)}; done; leave ${String(exit)}`;

/** Until somebody ends it, so many times. What counts are starts: an attempt whose agent died in the wrong moment never has one. */
export const interrupted = (times: number): string =>
  `[ $(grep -c " start $RELAUNCH_RUN_ID " $ledger) -gt ${String(times)} ] || while :; do say; sleep 0.2; done`;

/** Until a file is there. */
export const linesUntil = (file: string, everySeconds: number): string =>
  `while [ ! -e ${file} ]; do say; sleep ${String(everySeconds)}; done; leave 0`;
