import { spreadOf } from '../bench/statistics.ts';
import { mostLive, type Mark } from './ledger.ts';
import type { Scenario } from './scenario.ts';
import { shortRuns } from './short-runs.ts';

export interface LimitSizes {
  runs: number;
  /** Of agents, on the way. */
  kills: number;
}

/** `maxLive` by queue. */
const limitsOf: Readonly<Record<string, number | undefined>> = { one: 1, three: 3, many: undefined };
const places = { left: 2, middle: 3, right: 4 };

/** Many short runs on three agents, in queues of which two have limits over all agents; agents die on the way. */
export const limits: Scenario<LimitSizes> = {
  name: 'limits',
  queues: Object.fromEntries(
    Object.entries(limitsOf).map(([queue, maxLive]) => [
      queue,
      { gracePeriod: '20s', ...(maxLive === undefined ? {} : { maxLive }) },
    ]),
  ),
  async play(stage, sizes) {
    const { findings } = stage;
    const { runs, ledger, watch } = await shortRuns(stage, { ...sizes, queues: Object.keys(limitsOf), agents: places });
    const queueOf = new Map(runs.map(({ id, queue }) => [id, queue]));
    for (const [queue, maxLive] of Object.entries(limitsOf)) {
      if (maxLive === undefined) continue;
      const marks = ledger.filter(({ run }) => queueOf.get(run) === queue);
      const most = Math.max(mostLive(marks), watch.most('queue', queue));
      findings.rule(most <= maxLive, `queue ${queue} had ${String(most)} live, allowed are ${String(maxLive)}`);
      findings.count(`most live in ${queue}`, `${String(most)} of ${String(maxLive)}`);
      const idle = idleMs(marks, maxLive);
      // In a short soak on a busy machine a queue may never have been full.
      if (idle.length === 0) continue;
      const { p50, p95, most: longest } = spreadOf(idle);
      findings.count(`place of ${queue} idle, ms`, `p50 ${String(p50)}, p95 ${String(p95)}, most ${String(longest)}`);
    }
    for (const [host, maxJobs] of Object.entries(places)) {
      const most = Math.max(mostLive(ledger.filter((mark) => mark.host === host)), watch.most('host', host));
      findings.rule(most <= maxJobs, `agent ${host} had ${String(most)} live, allowed are ${String(maxJobs)}`);
      findings.count(`most live on ${host}`, `${String(most)} of ${String(maxJobs)}`);
    }
  },
};

/** From each end in a full queue to the next start there. */
function idleMs(marks: readonly Mark[], maxLive: number): number[] {
  let live = 0;
  const ends: number[] = [];
  return marks.flatMap(({ what, atMs }) => {
    live += what === 'start' ? 1 : -1;
    if (what === 'end') {
      if (live === maxLive - 1) ends.push(atMs);
      return [];
    }
    const end = ends.shift();
    return end === undefined ? [] : [atMs - end];
  });
}
