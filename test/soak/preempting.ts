import { setTimeout as sleep } from 'node:timers/promises';
import { preempt, status } from '../../client/index.ts';
import { preemptSignal } from '../../contracts/messages.ts';
import type { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import { eventsOf, signalsIn } from './history.ts';
import { readLedger } from './ledger.ts';
import type { PlannedRun } from './planned-run.ts';

const lookMs = 500;

/** Preempts each of the first attempts of a run once, by request: as soon as it lives and its workflow knows on which agent. */
export async function preemptAsPlanned(cluster: Cluster, run: PlannedRun, withinMs: number): Promise<void> {
  for (let attempt = 1; attempt <= run.preemptions; attempt++) {
    const name = `attempt ${String(attempt)} of run ${run.id}`;
    await until(`${name} runs`, () => hasMachine(cluster, run, attempt), withinMs);
    await until(`${name} is asked to leave`, () => askOnce(cluster, run, attempt), withinMs);
  }
}

async function hasMachine(cluster: Cluster, { id, workflowId }: PlannedRun, attempt: number): Promise<boolean> {
  await sleep(lookMs);
  const marks = await readLedger(cluster);
  if (!marks.some((mark) => mark.what === 'start' && mark.run === id && mark.attempt === attempt)) return false;
  const now = (await status(cluster.relaunch, workflowId))?.attempts.at(-1);
  return now?.attempt === attempt && now.agent !== undefined;
}

/** A request whose answer was lost with the server may have arrived: the history says. */
async function askOnce(cluster: Cluster, { workflowId }: PlannedRun, attempt: number): Promise<boolean> {
  if (signalsIn(await eventsOf(cluster, workflowId), preemptSignal.name) >= attempt) return true;
  await preempt(cluster.relaunch, workflowId, { by: 'soak' });
  return true;
}
