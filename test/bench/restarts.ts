import { cancel, result, type Run } from '../../client/index.ts';
import { keyOf } from '../../store/layout.ts';
import { readLines, sequencesUnder } from '../../store/log-objects.ts';
import type { Started } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import type { Site } from './site.ts';

/** In ms from the start of the new agent's process. */
interface Adoption {
  /** Until Temporal had given it the `awaitAttempt` of a run. */
  followed: number[];
  /** Until a line that the job wrote after the start was in the store. */
  stored: number[];
}

const jobs = 8;
const restarts = 3;
/** An await whose agent was killed is given to the next one when its heartbeat time-out, 30 s, is over. */
const patienceMs = 90_000;

/** Stops the agent under live runs and starts it again: some times with SIGTERM, which hands back what it follows, once with SIGKILL. */
export async function measureRestarts(
  site: Site,
  agent: Started,
  startAgent: () => Promise<Started>,
): Promise<{ restarted: Adoption; killed: Adoption }> {
  const { cluster, queue, say } = site;
  const chatty = 'while :; do date +%s%3N; sleep 0.1; done';
  const runs = await Promise.all(Array.from({ length: jobs }, () => cluster.shell(queue, chatty)));
  for (const run of runs) await adopted(site, run, 0);

  const restarted: Adoption = { followed: [], stored: [] };
  const killed: Adoption = { followed: [], stored: [] };
  let running = agent;
  for (const signal of [...Array<'SIGTERM'>(restarts).fill('SIGTERM'), 'SIGKILL'] as const) {
    say(`${signal} to the agent of ${String(jobs)} live runs, and a new one`);
    running.child.kill(signal);
    await running.exited;
    const startedAt = Date.now();
    running = await startAgent();
    const into = signal === 'SIGTERM' ? restarted : killed;
    for (const { followed, stored } of await Promise.all(runs.map((run) => adopted(site, run, startedAt)))) {
      into.followed.push(followed);
      into.stored.push(stored);
    }
  }
  await Promise.all(runs.map(({ workflowId }) => cancel(cluster.relaunch, workflowId, { by: 'bench' })));
  await Promise.all(runs.map(({ workflowId }) => result(cluster.relaunch, workflowId)));
  return { restarted, killed };
}

/** Waits until a run is followed by an agent that was started then, and until it has stored something new. */
async function adopted({ cluster }: Site, run: Run, sinceMs: number): Promise<{ followed: number; stored: number }> {
  const { temporal, store } = cluster.relaunch;
  const followed = async (): Promise<number | undefined> => {
    const { raw } = await temporal.workflow.getHandle(run.workflowId).describe();
    const started = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'awaitAttempt');
    const atMs = Number(started?.lastStartedTime?.seconds ?? 0) * 1_000 + (started?.lastStartedTime?.nanos ?? 0) / 1e6;
    return atMs > sinceMs ? atMs : undefined;
  };
  const stored = async (): Promise<number | undefined> => {
    const last = (await sequencesUnder(store, keyOf.logs(run.id, 1))).at(-1);
    const lines = last === undefined ? [] : await readLines(store, keyOf.log(run.id, 1, last));
    return lines.some(({ m }) => Number(m) > sinceMs) ? Date.now() : undefined;
  };
  const [followedAt, storedAt] = await Promise.all([
    until(`an agent follows ${run.id}`, followed, patienceMs),
    until(`new lines of ${run.id} are stored`, stored, patienceMs),
  ]);
  return { followed: followedAt - sinceMs, stored: storedAt - sinceMs };
}
