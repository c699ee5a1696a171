import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import { checkBound, waitsOf } from './bound.ts';
import { readLedger } from './ledger.ts';
import { Watch } from './live-jobs.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import { submitPlanned, type PlannedRun } from './planned-run.ts';
import type { Scenario, Stage } from './scenario.ts';
import { again, agentVictim, controlVictim } from './victim.ts';

export interface PermitSizes {
  runs: number;
  /** Of agents, on the way. */
  kills: number;
  /** Whether idle permits are judged. */
  timed: boolean;
}

const queues = ['first', 'second', 'third'];
const places = { left: 2, right: 4 };
/** About how long the places take for one run. */
const everyRunMs = 300;

/** Many short runs on two agents of different size that share three queues; agents die on the way. */
export const permits: Scenario<PermitSizes> = {
  name: 'permits',
  queues: Object.fromEntries(queues.map((queue) => [queue, { gracePeriod: '20s' }])),
  async play(stage, { runs: count, kills, timed }) {
    const { cluster, findings, random, say } = stage;
    const hosts = Object.entries(places);
    const agents = hosts.map(([name, maxJobs]) => agentVictim(cluster, findings, name, queues, maxJobs));
    const control = controlVictim(cluster, findings);
    await control.start();
    const runs: PlannedRun[] = [];
    for (let i = 0; i < count; i++) runs.push(await submitPlanned(cluster, short(i, stage)));
    say(`${String(count)} runs wait`);
    const watch = new Watch(cluster);
    await Promise.all(agents.map((agent) => agent.start()));
    for (let i = 1; i <= kills; i++) {
      await sleep((count * everyRunMs) / (kills + 1));
      const agent = random.pick(agents);
      say(`kill ${String(i)} of ${String(kills)}: ${agent.name}`);
      await again(agent, random.int(0, 2_000));
    }
    findings.count('kills of agents', kills);
    await audit(stage, runs, 60_000 + count * everyRunMs * 4);
    watch.stop(findings);
    const [ledger, waits] = [await readLedger(cluster), await waitsOf(stage, runs)];
    for (const [i, agent] of agents.entries()) {
      const [host, maxJobs] = hosts[i] ?? ['', 0];
      checkBound(stage, { host, maxJobs, queues: queues.length, up: agent.times, timed }, ledger, waits, watch);
    }
    await nothingLeft(stage, agents);
    await endsWell(control, findings);
  },
};

function short(i: number, { random }: Stage) {
  const [lines, everySeconds] = [random.int(1, 5), 0.3];
  return { key: `run ${String(i)}`, queue: random.pick(queues), exit: 0, preemptions: 0, lines, everySeconds };
}
