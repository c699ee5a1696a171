import { measureRestarts } from './restarts.ts';
import { measureStarts } from './starts.ts';
import { spreadOf, type Spread } from './statistics.ts';
import { stageNames } from './stages.ts';
import { measureStops } from './stops.ts';
import { withCluster, type Measuring } from './with-cluster.ts';

/** How long something took, in ms. */
export interface Latency extends Spread {
  what: string;
  /** What p50 should stay below. */
  goalMs?: number;
}

const name = 'bench';

/** How long launches of the process backend take from one point to another. `samples`: how many of each that is cheap. */
export function measureLatencies(samples: number, measuring: Measuring): Promise<Latency[]> {
  return withCluster({ [name]: { gracePeriod: '10s' } }, measuring, async (cluster) => {
    const startAgent = () => cluster.agent(name, [name], samples + 10);
    const site = { cluster, queue: name, samples, say: measuring.say };
    const agent = await startAgent();
    const started = await measureStarts(site);
    const { nextStarted, gone, closed } = await measureStops(site);
    const { restarted, killed } = await measureRestarts(site, agent, startAgent);
    return [
      { what: 'submit -> process started', goalMs: 150, ...spreadOf(started.map(({ tookMs }) => tookMs)) },
      ...stageNames.map((what) => ({ what: `  ${what}`, ...spreadOf(started.map(({ stages }) => stages[what])) })),
      { what: 'preempt -> next attempt started', ...spreadOf(nextStarted) },
      { what: 'cancel -> processes gone', ...spreadOf(gone) },
      { what: 'cancel -> workflow closed', ...spreadOf(closed) },
      { what: 'agent restarted -> its runs are followed', ...spreadOf(restarted.followed) },
      { what: 'agent restarted -> new lines are in the store', ...spreadOf(restarted.stored) },
      { what: 'agent killed, restarted -> its runs are followed', ...spreadOf(killed.followed) },
      { what: 'agent killed, restarted -> new lines are in the store', ...spreadOf(killed.stored) },
    ];
  });
}
