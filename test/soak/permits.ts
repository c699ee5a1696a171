import { checkBound, waitsOf } from './bound.ts';
import type { Scenario } from './scenario.ts';
import { shortRuns } from './short-runs.ts';

export interface PermitSizes {
  runs: number;
  /** Of agents, on the way. */
  kills: number;
  /** Whether idle permits are judged. */
  timed: boolean;
}

const queues = ['first', 'second', 'third'];
const places = { left: 2, right: 4 };

/** Many short runs on two agents of different size that share three queues; agents die on the way. */
export const permits: Scenario<PermitSizes> = {
  name: 'permits',
  queues: Object.fromEntries(queues.map((queue) => [queue, { gracePeriod: '20s' }])),
  async play(stage, { timed, ...sizes }) {
    const { runs, ledger, watch, agents } = await shortRuns(stage, { ...sizes, queues, agents: places });
    const waits = await waitsOf(stage, runs);
    for (const [i, [host, maxJobs]] of Object.entries(places).entries()) {
      const up = agents[i]?.times ?? [];
      checkBound(stage, { host, maxJobs, queues: queues.length, up, timed }, ledger, waits, watch);
    }
  },
};
