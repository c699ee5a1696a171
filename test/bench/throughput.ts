import { fileURLToPath } from 'node:url';
import { saying } from '../support/cluster.ts';
import { bareEager, bareQueued, bareTaskQueue } from './bare-workflow.ts';
import { measureBurst, type Burst, type Side } from './burst.ts';
import { spreadOf, type Spread } from './statistics.ts';
import { withCluster, type Measuring } from './with-cluster.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const queue = 'noop';
/** So that a launch waits for the machine, not for a place. */
const maxJobs = 1_000;

/** `launch`: real ones, with a backend that does nothing. The others: workflows of three activities that do nothing. */
const sideNames = ['launch', 'bareEager', 'bareQueued'] as const;
type Sides<T> = Record<(typeof sideNames)[number], T>;

export interface Throughput {
  /** In each burst. */
  launches: number;
  bursts: Sides<Burst[]>;
  /** The rate of launches to that of bare workflows, round by round. */
  ratio: { bareEager: Spread; bareQueued: Spread };
}

/** Bursts of launches to their end, in turns with bursts of bare workflows on the same server. */
export function measureThroughput(launches: number, rounds: number, measuring: Measuring): Promise<Throughput> {
  return withCluster({ [queue]: { backend: 'noop' } }, measuring, async (cluster, control) => {
    const { serverPid, relaunch } = cluster;
    const agent = await saying(cluster.program(path('noop-agent.ts'), queue, String(maxJobs)), 'agent serves');
    const worker = await saying(cluster.program(path('bare-worker.ts')), '"state":"RUNNING"');
    let started = 0;
    const bare = (workflow: () => Promise<void>): Side => ({
      pids: { server: serverPid, worker: worker.child.pid, client: process.pid },
      start: async () => {
        const workflowId = `bare-${String(++started)}`;
        await relaunch.temporal.workflow.start(workflow, { workflowId, taskQueue: bareTaskQueue });
        return workflowId;
      },
    });
    const sides: Sides<Side> = {
      launch: {
        pids: { server: serverPid, control: control.child.pid, agent: agent.child.pid, client: process.pid },
        start: async () => (await cluster.shell(queue, 'true')).workflowId,
      },
      bareEager: bare(bareEager),
      bareQueued: bare(bareQueued),
    };
    measuring.say('throughput: warming up');
    for (const name of sideNames) await measureBurst(relaunch, sides[name], Math.ceil(launches / 2));
    const bursts: Sides<Burst[]> = { launch: [], bareEager: [], bareQueued: [] };
    for (let round = 1; round <= rounds; round++) {
      for (const name of sideNames) {
        const burst = await measureBurst(relaunch, sides[name], launches);
        bursts[name].push(burst);
        measuring.say(`round ${String(round)} of ${String(rounds)}: ${name} ${burst.perSecond.toFixed(1)}/s`);
      }
    }
    return {
      launches,
      bursts,
      ratio: {
        bareEager: ratioOf(bursts.launch, bursts.bareEager),
        bareQueued: ratioOf(bursts.launch, bursts.bareQueued),
      },
    };
  });
}

function ratioOf(launches: readonly Burst[], bare: readonly Burst[]): Spread {
  return spreadOf(launches.map(({ perSecond }, round) => perSecond / (bare[round]?.perSecond ?? NaN)));
}
