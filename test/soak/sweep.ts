import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { preempt, submitSweep, sweepResult, trials, type SweepEnd, type TrialRow } from '../../client/index.ts';
import { indexOfTrial } from '../../contracts/trial.ts';
import { until } from '../support/until.ts';
import { countedJob } from './counted-job.ts';
import { failedTasksIn } from '../support/failed-tasks.ts';
import { eventsOf } from './history.ts';
import type { Span } from './idle-permits.ts';
import { doubles, mostLive, readLedger, type Mark } from './ledger.ts';
import { Watch } from './live-jobs.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import type { Scenario, Stage } from './scenario.ts';
import { widthIn, withoutMs } from './sweep-history.ts';
import { again, agentVictim, controlVictim, serverVictim, type Victim } from './victim.ts';

export interface SweepSizes {
  trials: number;
  numWorkers: number;
  /** Of agents and of the server, while it goes on. */
  kills: number;
  /** Preemptions of trials that run, at random. */
  preemptions: number;
  /** How long a worker may have nothing to do while points remain: more where the machine has other work. */
  narrowMs: number;
}

const queue = 'sweep';
/** Places enough for all workers: what limits a sweep here is the sweep. */
const spare = 4;
/** Failed attempts are not tried again: trials of these numbers fail. */
const fails = (index: number): boolean => index % 7 === 3;
/** One trial of a worker takes about so long, with its start. */
const trialMs = 1_500;
/** A grid of short trials, some of which fail, while trials are preempted and agents and the server die. */
export const countedSweep: Scenario<SweepSizes> = {
  name: 'sweep',
  queues: { [queue]: { gracePeriod: '20s' } },
  async play(stage, sizes) {
    const { cluster, findings, say } = stage;
    const maxJobs = Math.ceil(sizes.numWorkers / 2) + spare;
    const agents = ['left', 'right'].map((name) => agentVictim(cluster, findings, name, [queue], maxJobs));
    const control = controlVictim(cluster, findings);
    await control.start();
    await Promise.all(agents.map((agent) => agent.start()));
    const watch = new Watch(cluster);
    const { id } = await submitSweep(cluster.relaunch, specOf(stage, sizes));
    const server = serverVictim(cluster);
    const [down] = await Promise.all([strike(stage, [...agents, server], server, sizes), disturb(stage, sizes)]);
    const longestMs = 240_000 + (sizes.trials * trialMs * 4) / sizes.numWorkers;
    const end = await until('the end of the sweep', () => sweepResult(cluster.relaunch, id), longestMs);
    const marks = await readLedger(cluster);
    say(`the sweep has ended, ${String(marks.length)} marks in the ledger`);
    watch.stop(findings);
    await checkTrials(stage, id, sizes, end, marks);
    await checkWidth(stage, id, sizes, marks, down);
    await nothingLeft(stage, agents);
    await endsWell(control, findings);
  },
};

function specOf({ cluster }: Stage, { trials: count, numWorkers }: SweepSizes) {
  const work = `n=\${1#n=}
say; sleep 0.$((n % 9 + 1)); say
echo "{\\"loss\\": $n}"
[ $((n % 7)) -ne 3 ] || leave 7
leave 0`;
  return {
    ...{ name: 'counted', method: 'grid' as const, numWorkers, metric: { name: 'loss' } },
    parameters: { n: { min: 0, max: count - 1 } },
    launch: {
      queue,
      source: { code: { dir: join(cluster.home, 'code') } },
      entrypoint: ['sh', '-c', countedJob(cluster, work), 'sh', '${args_no_hyphens}'],
    },
  };
}

/** Kills at random times, one after the other. Answers when nothing could be started because the server was away. */
async function strike(
  { random: parent, findings, say }: Stage,
  victims: readonly Victim[],
  server: Victim,
  { kills, trials: count, numWorkers }: SweepSizes,
): Promise<Span[]> {
  const random = parent.fork();
  const down: Span[] = [];
  for (let i = 1; i <= kills; i++) {
    await sleep(random.int(0, (2 * count * trialMs) / numWorkers / (kills + 1)));
    const victim = random.pick(victims);
    say(`kill ${String(i)} of ${String(kills)}: ${victim.name}`);
    findings.add(`kills of ${victim.name}`, 1);
    const fromMs = Date.now();
    await again(victim, random.int(0, 2_000));
    if (victim === server) down.push({ fromMs, toMs: Date.now() + afterServerMs });
  }
  return down;
}

/** Until workers that lost the server have found it again: their back-off. */
const afterServerMs = 10_000;

/** Preempts trials that run, by request. */
async function disturb(
  { cluster, random: parent, findings }: Stage,
  { preemptions, trials: count, numWorkers }: SweepSizes,
): Promise<void> {
  const random = parent.fork();
  for (let i = 1; i <= preemptions; i++) {
    await sleep(random.int(0, (2 * count * trialMs) / numWorkers / (preemptions + 1)));
    const live = liveIn(await readLedger(cluster));
    if (live.length === 0) continue;
    // It may have ended meanwhile, and the server may be away: then this one is not preempted.
    const asked = await preempt(cluster.relaunch, random.pick(live), { by: 'soak' }).then(
      () => 1,
      () => 0,
    );
    findings.add('preemptions asked for', asked);
  }
}

function liveIn(marks: readonly Mark[]): string[] {
  const live = new Set<string>();
  for (const { run, what } of marks) {
    if (what === 'start') live.add(run);
    else live.delete(run);
  }
  return [...live];
}

async function checkTrials(
  { cluster, findings }: Stage,
  sweep: string,
  { trials: count }: SweepSizes,
  end: SweepEnd,
  marks: readonly Mark[],
): Promise<void> {
  for (const double of doubles(marks)) findings.rule(false, double);
  const failing = Array.from({ length: count }, (_, i) => i).filter(fails).length;
  const { tally } = end;
  findings.rule(
    end.state === 'succeeded' &&
      tally.succeeded === count - failing &&
      tally.failed === failing &&
      tally.drawn === count,
    `of ${String(count)} trials ${String(failing)} were to fail: ${JSON.stringify(end)}`,
  );
  findings.rule(tally.best?.value === 0, `the best was to be 0: ${JSON.stringify(tally.best)}`);
  const rows = await trials(cluster.relaunch, sweep);
  const numbers = rows.map(({ index }) => index);
  findings.rule(
    String(numbers) === String(Array.from({ length: count }, (_, i) => i)),
    `every point was to be a trial once: ${String(numbers)}`,
  );
  for (const row of rows) for (const wrong of wrongTrial(row, marks)) findings.rule(false, wrong);
  findings.count('trials', rows.length);
  findings.count(
    'attempts',
    rows.reduce((sum, { attempts }) => sum + attempts, 0),
  );
}

function wrongTrial({ index, run, state, config, summary }: TrialRow, marks: readonly Mark[]): string[] {
  const wrong: string[] = [];
  const wanted = fails(index) ? 'failed' : 'succeeded';
  if (state !== wanted) wrong.push(`trial ${run} is ${state}, not ${wanted}`);
  if (config['n'] !== index || (!fails(index) && summary['loss']?.last !== index))
    wrong.push(`trial ${run} had ${JSON.stringify(config)} and came to ${JSON.stringify(summary)}`);
  const ends = marks.filter((mark) => mark.run === run && mark.what === 'end');
  if (ends.length === 0) wrong.push(`trial ${run} never came to an end, by the ledger`);
  return wrong;
}

/** Never more in flight than workers, seen by the jobs, in /proc and in the history; and never fewer for long. */
async function checkWidth(
  { cluster, findings }: Stage,
  sweep: string,
  { trials: count, numWorkers, narrowMs }: SweepSizes,
  marks: readonly Mark[],
  down: readonly Span[],
): Promise<void> {
  const events = await eventsOf(cluster, sweep);
  for (const why of failedTasksIn(events)) findings.rule(false, `a workflow task of the sweep failed: ${why}`);
  const { ids, most, narrow } = widthIn(events, numWorkers, count);
  const live = mostLive(marks);
  findings.rule(most <= numWorkers && live <= numWorkers, `${String(most)} in flight, ${String(live)} live`);
  findings.rule(new Set(ids.map((id) => indexOfTrial(sweep, id))).size === count, `trials started: ${String(ids)}`);
  const longest = Math.max(0, ...narrow.map((span) => withoutMs(span, down)));
  findings.rule(longest <= narrowMs, `fewer than ${String(numWorkers)} in flight for ${String(longest)} ms`);
  findings.count('most in flight', `${String(most)} of ${String(numWorkers)}, live ${String(live)}`);
  findings.count('longest with fewer, ms', Math.round(longest));
  findings.count('events of the sweep', events.length);
}
