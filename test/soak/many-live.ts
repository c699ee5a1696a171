import { setTimeout as sleep } from 'node:timers/promises';
import { cancel } from '../../client/index.ts';
import { cpuMsOf } from '../bench/cpu.ts';
import { until } from '../support/until.ts';
import { countedJob } from './counted-job.ts';
import { doubles, readLedger } from './ledger.ts';
import { liveJobs } from './live-jobs.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import { endOf } from './planned-run.ts';
import type { Scenario } from './scenario.ts';
import { agentVictim, controlVictim } from './victim.ts';

export interface ManySizes {
  live: number;
  /** For how long the agent is measured while all live. */
  measureMs: number;
}

const queue = 'many';
const everyRunMs = 1_000;

/** One agent with very many live runs, which are then all cancelled. */
export const manyLive: Scenario<ManySizes> = {
  name: 'many live runs',
  queues: { [queue]: { gracePeriod: '20s' } },
  async play(stage, { live, measureMs }) {
    const { cluster, findings, say } = stage;
    const agent = agentVictim(cluster, findings, 'large', [queue], live);
    const control = controlVictim(cluster, findings);
    await Promise.all([agent.start(), control.start()]);
    const job = countedJob(cluster, 'say; sleep 3600; leave 0');
    const ids: string[] = [];
    for (let i = 0; i < live; i++) ids.push((await cluster.shell(queue, job)).workflowId);
    const patienceMs = 60_000 + live * everyRunMs;
    await until(`${String(live)} live at once`, () => liveJobs(cluster).length === live, patienceMs);
    findings.count('live at once, seen in /proc', live);
    const before = cpuMsOf(agent.pid);
    await sleep(measureMs);
    const share = ((cpuMsOf(agent.pid) - before) / measureMs) * 100;
    findings.count("agent's CPU meanwhile", `${share.toFixed(1)} % of one core`);
    findings.rule(liveJobs(cluster).length === live, `only ${String(liveJobs(cluster).length)} live after a while`);
    say(`all ${String(live)} live; cancelling`);
    for (const id of ids) await cancel(cluster.relaunch, id, { by: 'soak' });
    const ends = await Promise.all(ids.map((id) => endOf(cluster, id, patienceMs)));
    for (const { run, state } of ends)
      findings.rule(state === 'cancelled', `run ${run} was cancelled, and is ${state}`);
    for (const double of doubles(await readLedger(cluster))) findings.rule(false, double);
    await nothingLeft(stage, [agent]);
    await endsWell(control, findings);
  },
};
