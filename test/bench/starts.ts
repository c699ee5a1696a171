import { setTimeout as sleep } from 'node:timers/promises';
import { result } from '../../client/index.ts';
import { leaveMark, markOf } from './marks.ts';
import type { Site } from './site.ts';
import { stagesOf, type Stages } from './stages.ts';

/** Between two submissions. */
const everyMs = 500;
/** The first launches find nothing warm: connections, caches, compiled code. */
const warmUps = 5;

/** Steady launches, two a second: from the call of `submit` to what the job itself says of its start, in ms. */
export async function measureStarts({
  cluster,
  queue,
  samples,
  say,
}: Site): Promise<{ tookMs: number; stages: Stages }[]> {
  const runs = [];
  for (let i = 0; i < warmUps + samples; i++) {
    if (i % 10 === 0) say(`launch ${String(i)} of ${String(warmUps + samples)}, two a second`);
    const next = sleep(everyMs);
    const calledAt = Date.now();
    const run = await cluster.shell(queue, leaveMark(cluster));
    runs.push({ run, calledAt });
    await next;
  }
  const launches = runs.slice(warmUps).map(async ({ run: { id, workflowId }, calledAt }) => {
    await result(cluster.relaunch, workflowId);
    const { atMs } = await markOf(cluster, id, 1);
    return {
      tookMs: atMs - calledAt,
      stages: await stagesOf(cluster.relaunch.temporal, workflowId, calledAt, atMs),
    };
  });
  return Promise.all(launches);
}
