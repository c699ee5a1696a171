import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import { Watch } from './live-jobs.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import { endOf, submitPlanned, type PlannedRun } from './planned-run.ts';
import { preemptAsPlanned } from './preempting.ts';
import type { Random } from './random.ts';
import type { Scenario, Stage } from './scenario.ts';
import { again, agentVictim, controlVictim, serverVictim, type Victim } from './victim.ts';

export interface KillSizes {
  /** Times at which something is killed. */
  kills: number;
  /** Runs that are on their way at a time, while things are killed. */
  inFlight: number;
  /** Runs in all: no more are submitted then. */
  mostRuns: number;
}

const queues = ['short', 'long'];
/** Nobody comes to the end of it: who leaves does so at TERM. */
const gracePeriod = '20s';
const maxJobs = 3;
/** How many of the kills are of two at once. */
const atOnceShare = 0.3;
/** For the last run to end after the last kill: a few heartbeat time-outs. */
const drainMs = 240_000;
/** Where its agent is killed again and again, a run takes as long as it takes. */
const underFireMs = 900_000;

/** Agents, the control worker and the server die at random times, alone and together, while runs of all kinds go on. */
export const randomKills: Scenario<KillSizes> = {
  name: 'random kills',
  queues: Object.fromEntries(queues.map((queue) => [queue, { gracePeriod }])),
  async play(stage, sizes) {
    const { cluster, findings } = stage;
    const agents = ['left', 'right'].map((name) => agentVictim(cluster, findings, name, queues, maxJobs));
    const control = controlVictim(cluster, findings);
    const victims = [...agents, control, serverVictim(cluster)];
    await Promise.all(victims.filter(({ up }) => !up).map((victim) => victim.start()));
    const watch = new Watch(cluster);
    const over = new AbortController();
    const load = underLoad(stage, sizes, over.signal);
    try {
      await Promise.race([strike(stage, victims, sizes.kills), load.then(() => new Promise(() => undefined))]);
    } finally {
      over.abort();
    }
    await audit(stage, await load, drainMs);
    watch.stop(findings);
    await nothingLeft(stage, agents);
    await endsWell(control, findings);
  },
};

/** Keeps runs in flight until it is told that it is over. Answers all of them, when those that were to be preempted have been. */
async function underLoad(
  { cluster, random: parent }: Stage,
  { inFlight, mostRuns }: KillSizes,
  over: AbortSignal,
): Promise<PlannedRun[]> {
  const random = parent.fork();
  const runs: PlannedRun[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (!over.aborted && next < mostRuns) {
      const run = await submitPlanned(cluster, { key: `run ${String(next++)}`, ...anyKind(random) });
      runs.push(run);
      await preemptAsPlanned(cluster, run, underFireMs);
      await endOf(cluster, run.workflowId, underFireMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return runs;
}

function anyKind(random: Random): {
  queue: string;
  exit: number;
  preemptions: number;
  lines: number;
  everySeconds: number;
} {
  const queue = random.pick(queues);
  return {
    queue,
    exit: random.pick([0, 0, 7]),
    preemptions: random.pick([0, 0, 0, 1, 2]),
    lines: queue === 'short' ? random.int(1, 10) : random.int(20, 60),
    everySeconds: 0.2,
  };
}

/** Each kill waits for its victims to be up, whatever else is still down then. */
async function strike(
  { random: parent, findings, say }: Stage,
  victims: readonly Victim[],
  times: number,
): Promise<void> {
  const random = parent.fork();
  const back = new Map<Victim, Promise<void>>();
  for (let i = 1; i <= times; i++) {
    const first = random.pick(victims);
    const second = random.pick(victims.filter((victim) => victim !== first));
    const struck = random.next() < atOnceShare ? [first, second] : [first];
    await Promise.all(struck.map((victim) => back.get(victim) ?? Promise.resolve()));
    await sleep(random.int(200, 6_000));
    say(`kill ${String(i)} of ${String(times)}: ${struck.map(({ name }) => name).join(' and ')}`);
    findings.add(struck.length === 2 ? 'kills of two at once' : 'kills of one', 1);
    for (const victim of struck) {
      findings.add(`kills of ${victim.name}`, 1);
      const returning = again(victim, random.int(0, 3_000));
      // It fails where it is waited for.
      returning.catch(() => undefined);
      back.set(victim, returning);
    }
  }
  await Promise.all(back.values());
}
