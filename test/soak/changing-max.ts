import { join } from 'node:path';
import type { Logger } from '@temporalio/worker';
import { cancel } from '../../client/index.ts';
import { baseEnvOf } from '../../scripts/base-env.ts';
import { startAgent } from '../../workers/agent.ts';
import type { JobGate } from '../../workers/gate.ts';
import { createLogger, withRuntime } from '../../workers/logger.ts';
import type { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import { countedJob, lines } from './counted-job.ts';
import { readLedger, type Mark } from './ledger.ts';
import { liveJobs } from './live-jobs.ts';
import { endsWell, nothingOn } from './nothing-left.ts';
import { endOf } from './planned-run.ts';
import type { Scenario, Stage } from './scenario.ts';
import { controlVictim } from './victim.ts';

const queues = ['up', 'down'];
const host = 'changing';
/** Polls under permits of the old maximum may still bring a run each, and that takes a moment to start. */
const lateMs = 4_000;
/** For a new maximum to be reached with a backlog, on a busy machine. */
const reachedMs = 60_000;
const turnsMs = 60_000;

/** `maxJobs` of a living agent goes up and down, with a backlog that would take any. */
export const changingMax: Scenario<{ maxima: readonly number[] }> = {
  name: 'maxJobs up and down',
  queues: Object.fromEntries(queues.map((queue) => [queue, {}])),
  async play(stage, { maxima }) {
    const { cluster, findings } = stage;
    const control = controlVictim(cluster, findings);
    await control.start();
    const logger = createLogger('error');
    await withRuntime(logger, async () => {
      const agent = await inThisProcess(cluster, logger, maxima[0] ?? 1);
      const backlog = new AbortController();
      const submitting = keepWaiting(stage, 2 * Math.max(...maxima), backlog.signal);
      try {
        await change(stage, agent.gate, maxima);
      } finally {
        backlog.abort();
        await submitting;
        await nothingOn(stage, [host]);
        agent.stop();
        await agent.stopped;
      }
    });
    findings.count('runs', starts(await readLedger(cluster)));
    await endsWell(control, findings);
  },
};

function inThisProcess(cluster: Cluster, logger: Logger, maxJobs: number): ReturnType<typeof startAgent> {
  const { temporal, entity, storeUrl } = cluster.relaunch.settings;
  const [home, baseEnv] = [join(cluster.home, host), baseEnvOf(cluster.env)];
  return startAgent({ temporal, namespace: entity, name: host, queues, maxJobs, home, storeUrl, baseEnv, logger });
}

async function change({ cluster, findings, say }: Stage, gate: JobGate, maxima: readonly number[]): Promise<void> {
  const [first = 1, ...changes] = maxima;
  const areLive = (wanted: number): Promise<unknown> =>
    until(`${String(wanted)} live`, () => liveJobs(cluster).length === wanted, reachedMs);
  await areLive(first);
  let before = first;
  for (const max of changes) {
    say(`maxJobs from ${String(before)} to ${String(max)}`);
    const changedMs = Date.now();
    gate.setMax(max);
    await areLive(max);
    await until('some turns', async () => starts(await readLedger(cluster), changedMs) > 2 * max, turnsMs);
    for (const wrong of overMax(await readLedger(cluster), changedMs, before, max)) findings.rule(false, wrong);
    findings.add('changes of maxJobs', 1);
    before = max;
  }
}

/** Keeps this many runs waiting until it is over; then cancels those that still wait. */
async function keepWaiting({ cluster, random: parent }: Stage, count: number, over: AbortSignal): Promise<void> {
  const random = parent.fork();
  const ids: string[] = [];
  while (!over.aborted) {
    const started = starts(await readLedger(cluster));
    if (ids.length - started < count) {
      const job = countedJob(cluster, lines(random.int(8, 14), 0.3, 0));
      ids.push((await cluster.shell(random.pick(queues), job)).workflowId);
    } else {
      await until('a start', async () => over.aborted || starts(await readLedger(cluster)) > started, turnsMs);
    }
  }
  await Promise.all(ids.map((id) => cancel(cluster.relaunch, id, {}).catch(() => undefined)));
  for (const id of ids) await endOf(cluster, id, turnsMs);
}

const starts = (marks: readonly Mark[], sinceMs = 0): number =>
  marks.filter(({ what, atMs }) => what === 'start' && atMs > sinceMs).length;

/** Starts that brought the count of live jobs over what is allowed since `changedMs`: the new maximum, for a moment still the old one. */
export function overMax(marks: readonly Mark[], changedMs: number, before: number, max: number): string[] {
  const wrong: string[] = [];
  for (const [i, { what, atMs }] of marks.entries()) {
    if (what === 'end' || atMs < changedMs) continue;
    const live = marks.slice(0, i + 1).reduce((sum, mark) => sum + (mark.what === 'start' ? 1 : -1), 0);
    const allowed = atMs < changedMs + lateMs ? Math.max(before, max) : max;
    if (live > allowed)
      wrong.push(`${String(live)} live ${String(atMs - changedMs)} ms after maxJobs went to ${String(max)}`);
  }
  return wrong;
}
