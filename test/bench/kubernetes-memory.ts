import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchAll, untilInState } from './kubernetes-runs.ts';
import { startAgent, type KubernetesSite } from './kubernetes-site.ts';

export interface Memory {
  live: number;
  /** Resident, by process, in MiB. */
  mib: Record<string, number>;
}

const settleMs = 10_000;

/** What our processes hold of memory, without runs and with many. */
export async function measureMemory(site: KubernetesSite, live: number): Promise<Memory[]> {
  const { cluster, control, measuring } = site;
  const agent = await startAgent(site, live);
  const pids = { agent: agent.child.pid, control: control.child.pid, server: cluster.serverPid };
  const now = async (runs: number): Promise<Memory> => {
    await sleep(settleMs, undefined, { signal: measuring.signal });
    return { live: runs, mib: Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, residentMib(pid)])) };
  };
  const without = await now(0);
  await launchAll(site, 'endless', live);
  await untilInState(site, 'endless', 'running', live);
  return [without, await now(live)];
}

function residentMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1_024;
}
