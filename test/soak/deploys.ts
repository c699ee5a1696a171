import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { audit } from './audit.ts';
import { countedJob, lines, linesUntil } from './counted-job.ts';
import { readLedger } from './ledger.ts';
import { Watch } from './live-jobs.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import type { PlannedRun } from './planned-run.ts';
import { eyesIn, type Scenario, type Stage } from './scenario.ts';
import { agentVictim, controlVictim, type WorkerVictim } from './victim.ts';

export interface DeploySizes {
  /** Runs that live through all of it, on two agents together. */
  live: number;
  /** Short ones that come and go in the places left, so that submits are under way whenever somebody is told to stop. */
  short: number;
  /** How often everybody is deployed, one after the other and then together. */
  rounds: number;
}

const queue = 'deployed';
/** Places beside those of the runs that live through it, on each agent. */
const spare = 1;
const startMs = 120_000;
const drainMs = 240_000;

/** Agents and the control worker are told to stop, one after the other and all at once, and started again, under live runs. */
export const deploys: Scenario<DeploySizes> = {
  name: 'deploys',
  queues: { [queue]: { gracePeriod: '20s' } },
  async play(stage, { live, short, rounds }) {
    const { cluster, findings, random, say } = stage;
    const places = Math.ceil(live / 2) + spare;
    const agents = ['left', 'right'].map((name) => agentVictim(cluster, findings, name, [queue], places));
    const control = controlVictim(cluster, findings);
    await Promise.all([...agents, control].map((worker) => worker.start()));
    const watch = new Watch(cluster);
    const over = join(eyesIn(cluster), 'over');
    const planned = async (script: string): Promise<PlannedRun> => {
      const { id, workflowId } = await cluster.shell(queue, countedJob(cluster, script));
      return { id, workflowId, queue, exit: 0, preemptions: 0 };
    };
    const runs: PlannedRun[] = [];
    for (let i = 0; i < live; i++) runs.push(await planned(linesUntil(over, 1)));
    await until(`${String(live)} live runs`, async () => (await readLedger(cluster)).length >= live, startMs);
    for (let i = 0; i < short; i++) runs.push(await planned(lines(random.int(1, 10), 0.2, 0)));
    for (let round = 1; round <= rounds; round++) {
      for (const worker of [...agents, control]) {
        say(`round ${String(round)}: ${worker.name}`);
        await deploy([worker], stage);
      }
      say(`round ${String(round)}: all at once`);
      await deploy([...agents, control], stage);
    }
    await writeFile(over, '');
    await audit(stage, runs, drainMs);
    watch.stop(findings);
    await nothingLeft(stage, agents);
    await endsWell(control, findings);
  },
};

async function deploy(workers: readonly WorkerVictim[], { findings }: Stage): Promise<void> {
  findings.add('deploys', workers.length);
  await Promise.all(workers.map((worker) => endsWell(worker, findings)));
  await Promise.all(workers.map((worker) => worker.start()));
}
