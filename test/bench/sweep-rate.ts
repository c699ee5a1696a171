import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { submitSweep, sweepResult } from '../../client/index.ts';
import { saying, type Cluster } from '../support/cluster.ts';
import { measureBurst, type Side } from './burst.ts';
import { spreadOf, type Spread } from './statistics.ts';
import { withCluster, type Measuring } from './with-cluster.ts';

const agentProgram = fileURLToPath(new URL('noop-agent.ts', import.meta.url));
const queue = 'noop';
/** So that nothing waits for a place. */
const maxJobs = 1_000;
/** Enough to be a rate. */
const launches = 200;

export interface Sizes {
  trials: number;
  workers: number;
  rounds: number;
}

export interface Sweeps extends Sizes {
  perSecond: Spread;
  launchesPerSecond: Spread;
  /** Of trials to launches, round by round. */
  ratio: Spread;
  /** In all executions of the last sweep's workflow, for each trial. */
  eventsPerTrial: number;
  /** Of the last sweep's workflow. */
  executions: number;
  /** Resident, at the end, in MiB. */
  memoryMib: { server: number; control: number; agent: number };
}

/** Sweeps whose jobs do nothing, in turns with bursts of launches on the same server. */
export function measureSweeps(sizes: Sizes, measuring: Measuring): Promise<Sweeps> {
  const { trials, workers, rounds } = sizes;
  return withCluster({ [queue]: { backend: 'noop' } }, measuring, async (cluster, control) => {
    const agent = await saying(cluster.program(agentProgram, queue, String(maxJobs)), 'agent serves');
    const launch: Side = { pids: {}, start: async () => (await cluster.shell(queue, 'true')).workflowId };
    measuring.say('warming up');
    await measureBurst(cluster.relaunch, launch, Math.ceil(launches / 2));
    const rates: number[] = [];
    const bursts: number[] = [];
    let last = '';
    for (let round = 1; round <= rounds; round++) {
      const { perSecond } = await measureBurst(cluster.relaunch, launch, launches);
      const sweep = await runSweep(cluster, trials, workers);
      last = sweep.id;
      rates.push(sweep.perSecond);
      bursts.push(perSecond);
      measuring.say(
        `round ${String(round)} of ${String(rounds)}: launches ${perSecond.toFixed(1)}/s, trials ${sweep.perSecond.toFixed(1)}/s`,
      );
    }
    const { executions, events } = await historyOf(cluster, last);
    return {
      ...sizes,
      perSecond: spreadOf(rates),
      launchesPerSecond: spreadOf(bursts),
      ratio: spreadOf(rates.map((rate, round) => rate / (bursts[round] ?? NaN))),
      eventsPerTrial: events / trials,
      executions,
      memoryMib: {
        server: residentMib(cluster.serverPid),
        control: residentMib(control.child.pid),
        agent: residentMib(agent.child.pid),
      },
    };
  });
}

async function runSweep(
  { relaunch, home }: Cluster,
  trials: number,
  numWorkers: number,
): Promise<{ id: string; perSecond: number }> {
  const since = performance.now();
  const { id } = await submitSweep(relaunch, {
    ...{ name: 'bench', method: 'grid', numWorkers, parameters: { n: { min: 1, max: Math.max(2, trials) } } },
    launch: { queue, source: { code: { dir: join(home, 'code') } }, entrypoint: ['true'] },
  });
  const { state, tally } = await sweepResult(relaunch, id);
  if (state !== 'succeeded' || tally.succeeded !== trials) throw new Error(`the sweep ended as ${state}`);
  return { id, perSecond: trials / ((performance.now() - since) / 1_000) };
}

async function historyOf({ relaunch }: Cluster, id: string): Promise<{ executions: number; events: number }> {
  let [executions, events] = [0, 0];
  for await (const { runId } of relaunch.temporal.workflow.list({ query: `WorkflowId = '${id}'` })) {
    const { historyLength } = await relaunch.temporal.workflow.getHandle(id, runId).describe();
    executions++;
    events += historyLength;
  }
  return { executions, events };
}

function residentMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1_024;
}
