import { cancel, preempt, result, status, type Run } from '../../client/index.ts';
import { until } from '../support/until.ts';
import { leaveMark, markOf, untilGroupIsGone } from './marks.ts';
import type { Site } from './site.ts';

interface Stops {
  nextStarted: number[];
  gone: number[];
  closed: number[];
}

/** Live runs whose jobs end on TERM: each is preempted, then each is cancelled, one at a time. In ms from the call. */
export async function measureStops({ cluster, queue, samples, say }: Site): Promise<Stops> {
  const { relaunch } = cluster;
  const by = { by: 'bench' };
  const runs: Run[] = [];
  for (let i = 0; i < samples; i++) runs.push(await cluster.shell(queue, `${leaveMark(cluster)}; exec sleep 600`));
  await untilRunning(cluster, runs, 1);

  say(`preempting ${String(samples)} runs`);
  const stops: Stops = { nextStarted: [], gone: [], closed: [] };
  for (const { id, workflowId } of runs) {
    const calledAt = Date.now();
    await preempt(relaunch, workflowId, by);
    stops.nextStarted.push((await markOf(cluster, id, 2)).atMs - calledAt);
  }
  await untilRunning(cluster, runs, 2);

  say(`cancelling ${String(samples)} runs`);
  for (const { id, workflowId } of runs) {
    const { group } = await markOf(cluster, id, 2);
    const since = performance.now();
    const tookMs = (): number => performance.now() - since;
    const [gone, closed] = await Promise.all([
      untilGroupIsGone(group).then(tookMs),
      result(relaunch, workflowId).then(tookMs),
      cancel(relaunch, workflowId, by),
    ]);
    stops.gone.push(gone);
    stops.closed.push(closed);
  }
  return stops;
}

/** Known to the workflow, which is a second after the start: nothing of starting is under way any more. */
async function untilRunning({ relaunch }: Site['cluster'], runs: readonly Run[], attempt: number): Promise<void> {
  for (const { workflowId } of runs) {
    await until(`attempt ${String(attempt)} of ${workflowId} runs`, async () => {
      const now = await status(relaunch, workflowId);
      return now?.state === 'running' && now.attempts.length === attempt;
    });
  }
}
