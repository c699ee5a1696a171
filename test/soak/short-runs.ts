import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import { readLedger, type Mark } from './ledger.ts';
import { Watch } from './live-jobs.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import { submitPlanned, type PlannedRun } from './planned-run.ts';
import type { Stage } from './scenario.ts';
import { again, agentVictim, controlVictim } from './victim.ts';

/** About how long the places take for one run. */
const everyRunMs = 300;

export interface ShortRuns {
  runs: number;
  /** Of agents, on the way. */
  kills: number;
  queues: readonly string[];
  /** `maxJobs` by agent; each serves all queues. */
  agents: Readonly<Record<string, number>>;
}

/** What was seen of them. */
export interface Seen {
  runs: PlannedRun[];
  ledger: Mark[];
  watch: Watch;
  agents: ReturnType<typeof agentVictim>[];
}

/** Many short runs in queues that several agents share, of whom some are killed on the way; each run must come to its end. */
export async function shortRuns(
  stage: Stage,
  { runs: count, kills, queues, agents: places }: ShortRuns,
): Promise<Seen> {
  const { cluster, findings, random, say } = stage;
  const agents = Object.entries(places).map(([name, maxJobs]) =>
    agentVictim(cluster, findings, name, [...queues], maxJobs),
  );
  const control = controlVictim(cluster, findings);
  await control.start();
  const runs: PlannedRun[] = [];
  for (let i = 0; i < count; i++) runs.push(await submitPlanned(cluster, short(i, queues, stage)));
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
  const ledger = await readLedger(cluster);
  await nothingLeft(stage, agents);
  await endsWell(control, findings);
  return { runs, ledger, watch, agents };
}

function short(i: number, queues: readonly string[], { random }: Stage) {
  const [lines, everySeconds] = [random.int(1, 5), 0.3];
  return { key: `run ${String(i)}`, queue: random.pick(queues), exit: 0, preemptions: 0, lines, everySeconds };
}
