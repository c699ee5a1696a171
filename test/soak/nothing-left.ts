import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../support/cluster.ts';
import { jobPidsIn } from '../support/process-pids.ts';
import { untilNone } from '../support/until.ts';
import type { Findings } from './findings.ts';
import type { Stage } from './scenario.ts';
import { storeOf } from './stored-lines.ts';
import type { WorkerVictim } from './victim.ts';

/** What is removed just after an end was told. */
const settleMs = 15_000;

/** Files and directories of attempts on these hosts: all below a run's directory but its checkpoint. */
export async function attemptDirectories({ home }: Cluster, hosts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const host of hosts) {
    const root = join(home, host, 'process', 'default');
    for (const run of await readdir(root).catch(() => [])) {
      const names = await readdir(join(root, run)).catch(() => []);
      found.push(...names.filter((name) => name !== 'checkpoint').map((name) => join(host, run, name)));
    }
  }
  return found;
}

/** After the last run: no process and no directory of an attempt on these hosts. */
export async function nothingOn({ cluster, findings }: Stage, hosts: readonly string[]): Promise<void> {
  const left = async (): Promise<string[]> => [
    ...jobPidsIn(cluster.home).map((pid) => `process ${String(pid)}`),
    ...(await attemptDirectories(cluster, hosts)),
  ];
  await untilNone('what was left behind', left, settleMs).catch(() => undefined);
  for (const each of await left()) findings.rule(false, `left behind: ${each}`);
}

/** The same, and agents that are told to stop end well and leave no lease. */
export async function nothingLeft(stage: Stage, agents: readonly WorkerVictim[]): Promise<void> {
  const { cluster, findings } = stage;
  await nothingOn(
    stage,
    agents.map(({ name }) => name),
  );
  for (const agent of agents) await endsWell(agent, findings);
  const leases = await readdir(join(storeOf(cluster), 'agents')).catch(() => []);
  findings.rule(leases.length === 0, `leases of agents that ended well: ${leases.join(', ')}`);
}

/** Design.md: a worker that is told to stop does so within 10 s. */
const stopMs = 10_000;

export async function endsWell(worker: WorkerVictim, findings: Findings): Promise<void> {
  const { code, tookMs } = await worker.stop();
  findings.rule(code === 0, `${worker.name} ended with ${String(code)} at SIGTERM`);
  findings.rule(tookMs < stopMs, `${worker.name} took ${String(Math.round(tookMs))} ms to end at SIGTERM`);
  findings.most('slowest end at SIGTERM, ms', tookMs);
}
