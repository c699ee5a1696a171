import { fileURLToPath } from 'node:url';
import { saying } from '../support/cluster.ts';
import { measureBurst } from './burst.ts';
import { spreadOf, type Spread } from './statistics.ts';
import { withCluster, type Measuring } from './with-cluster.ts';

const agent = fileURLToPath(new URL('noop-agent.ts', import.meta.url));

const sides = ['free', 'limited'] as const;

export interface Limited {
  perSecond: Record<(typeof sides)[number], Spread>;
  /** Launches with limits to those without, round by round. */
  ratio: Spread;
}

/** Bursts of launches that do nothing, in turns in a queue without limits and in one with all of them. */
export function measureLimits(launches: number, rounds: number, measuring: Measuring): Promise<Limited> {
  const limited = { maxLive: 1_000, breaker: { failures: 100 }, overrides: 'closed' as const, allow: allowed };
  return withCluster(
    { free: { backend: 'noop' }, limited: { backend: 'noop', ...limited } },
    measuring,
    async (cluster) => {
      for (const queue of sides) await saying(cluster.program(agent, queue, '1000'), 'agent serves');
      const perSecond: Record<(typeof sides)[number], number[]> = { free: [], limited: [] };
      for (let round = 0; round <= rounds; round++) {
        for (const queue of sides) {
          const start = async (): Promise<string> => (await cluster.shell(queue, 'true')).workflowId;
          const burst = await measureBurst(cluster.relaunch, { pids: {}, start }, launches);
          measuring.say(`${queue}: ${burst.perSecond.toFixed(1)}/s`);
          // The first one warms up.
          if (round > 0) perSecond[queue].push(burst.perSecond);
        }
      }
      return {
        perSecond: { free: spreadOf(perSecond.free), limited: spreadOf(perSecond.limited) },
        ratio: spreadOf(perSecond.limited.map((rate, i) => rate / (perSecond.free[i] ?? NaN))),
      };
    },
  );
}

const allowed = { '/source': 'open', '/entrypoint': 'open', '/user': 'open', '/name': 'open' } as const;
