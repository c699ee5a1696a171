import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { submitSweep, sweepResult } from '../../client/index.ts';
import { saying } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import { failedTasksIn } from '../support/failed-tasks.ts';
import { eventsOf } from './history.ts';
import type { Scenario } from './scenario.ts';

export interface CapSizes {
  runCap: number;
  numWorkers: number;
}

const queue = 'noop';
const agentProgram = fileURLToPath(new URL('../bench/noop-agent.ts', import.meta.url));
/** The slowest that anybody has seen. */
const mostMsOfOne = 400;

/** A random search that only its cap ends, over several executions of its workflow; jobs do nothing. */
export const runCap: Scenario<CapSizes> = {
  name: 'run cap',
  queues: { [queue]: { backend: 'noop' } },
  async play({ cluster, findings, say }, { runCap: cap, numWorkers }) {
    await cluster.control();
    await saying(cluster.program(agentProgram, queue, String(2 * numWorkers)), 'agent serves');
    const { id } = await submitSweep(cluster.relaunch, {
      ...{ name: 'capped', method: 'random', runCap: cap, numWorkers, seed: 1 },
      parameters: { x: { min: 0, max: 1_000_000 } },
      launch: { queue, source: { code: { dir: join(cluster.home, 'code') } }, entrypoint: ['true'] },
    });
    const beganMs = performance.now();
    const end = await until(
      'the end of the sweep',
      () => sweepResult(cluster.relaunch, id),
      60_000 + cap * mostMsOfOne,
    );
    const seconds = (performance.now() - beganMs) / 1_000;
    say(`${String(cap)} trials in ${seconds.toFixed(0)} s`);
    findings.rule(
      end.state === 'succeeded' && end.tally.succeeded === cap && end.tally.drawn === cap && end.running === 0,
      `exactly ${String(cap)} trials were to succeed: ${JSON.stringify(end)}`,
    );
    const started = await cluster.relaunch.temporal.workflow.count(
      `WorkflowType = 'launch' AND RelaunchSweep = '${id}'`,
    );
    findings.rule(started.count === cap, `${String(started.count)} runs of the sweep, not ${String(cap)}`);
    const executions = await cluster.relaunch.temporal.workflow.count(`WorkflowId = '${id}'`);
    for (const why of failedTasksIn(await eventsOf(cluster, id)))
      findings.rule(false, `a workflow task failed: ${why}`);
    findings.count('trials', started.count);
    findings.count('trials per second', (cap / seconds).toFixed(1));
    findings.count('executions of the sweep', executions.count);
  },
};
