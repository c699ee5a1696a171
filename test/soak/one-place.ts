import { audit } from './audit.ts';
import { checkBound, waitsOf } from './bound.ts';
import { readLedger } from './ledger.ts';
import { Watch } from './live-jobs.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import { submitPlanned, type PlannedRun } from './planned-run.ts';
import type { Scenario } from './scenario.ts';
import { agentVictim, controlVictim } from './victim.ts';

const queues = ['here', 'there', 'elsewhere'];

/** An agent with one place serves three queues: all of them, one run at a time. */
export const onePlace: Scenario<{ runsInEach: number; timed: boolean }> = {
  name: 'one place, three queues',
  queues: Object.fromEntries(queues.map((queue) => [queue, {}])),
  async play(stage, { runsInEach, timed }) {
    const { cluster, findings } = stage;
    const agent = agentVictim(cluster, findings, 'single', queues, 1);
    const control = controlVictim(cluster, findings);
    await control.start();
    const runs: PlannedRun[] = [];
    for (let i = 0; i < runsInEach; i++) {
      for (const queue of queues) {
        const key = `${queue} ${String(i)}`;
        runs.push(await submitPlanned(cluster, { key, queue, exit: 0, preemptions: 0, lines: 1, everySeconds: 0.1 }));
      }
    }
    const watch = new Watch(cluster);
    await agent.start();
    await audit(stage, runs, 60_000 + runs.length * 6_000);
    watch.stop(findings);
    const [ledger, waits] = [await readLedger(cluster), await waitsOf(stage, runs)];
    checkBound(
      stage,
      { host: agent.name, maxJobs: 1, queues: queues.length, up: agent.times, timed },
      ledger,
      waits,
      watch,
    );
    await nothingLeft(stage, [agent]);
    await endsWell(control, findings);
  },
};
