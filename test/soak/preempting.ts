import { setTimeout as sleep } from 'node:timers/promises';
import { preempt, status } from '../../client/index.ts';
import { preemptSignal } from '../../contracts/messages.ts';
import type { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import { eventsOf, signalsIn } from './history.ts';
import { readLedger } from './ledger.ts';
import type { PlannedRun } from './planned-run.ts';

const lookMs = 500;

/** Preempts a run by request after each of its first starts: as soon as its workflow knows on which agent it lives. */
export async function preemptAsPlanned(cluster: Cluster, run: PlannedRun, withinMs: number): Promise<void> {
  for (let start = 1; start <= run.preemptions; start++) {
    const name = `start ${String(start)} of run ${run.id}`;
    await until(`${name} is seen`, () => hasMachine(cluster, run, start), withinMs);
    await until(`${name} is asked to leave`, () => askOnce(cluster, run, start), withinMs);
  }
}

async function hasMachine(cluster: Cluster, { id, workflowId }: PlannedRun, start: number): Promise<boolean> {
  await sleep(lookMs);
  const marks = await readLedger(cluster);
  const starts = marks.filter(({ what, run }) => what === 'start' && run === id);
  const attempt = starts[start - 1]?.attempt;
  if (attempt === undefined) return false;
  const now = (await status(cluster.relaunch, workflowId))?.attempts.at(-1);
  return now?.attempt === attempt && now.agent !== undefined;
}

/** A request whose answer was lost with the server may have arrived: the history says. */
async function askOnce(cluster: Cluster, { workflowId }: PlannedRun, times: number): Promise<boolean> {
  if (signalsIn(await eventsOf(cluster, workflowId), preemptSignal.name) >= times) return true;
  await preempt(cluster.relaunch, workflowId, { by: 'soak' });
  return true;
}
