import { setTimeout as sleep } from 'node:timers/promises';
import { AuditCount, type Requests } from './kubernetes-audit.ts';
import { launchAll, untilInState } from './kubernetes-runs.ts';
import { startAgent, type KubernetesSite } from './kubernetes-site.ts';

export interface Quiet {
  /** How many runs there were while nothing happened. */
  live: number;
  seconds: number;
  /** Of the agent, in all. */
  requests: Requests;
}

/** What has just been started asks a little more. */
const settleMs = 5_000;

/** What an agent asks of the API server while nothing happens, without runs and with some. */
export async function measureQuiet(site: KubernetesSite, live: number, seconds: number): Promise<Quiet[]> {
  const audit = await AuditCount.open(site.namespace);
  if (audit === undefined)
    throw new Error('the cluster of RELAUNCH_TEST_KUBECONFIG has no audit log to count requests by');
  const { say, signal } = site.measuring;
  const during = async (runs: number): Promise<Quiet> => {
    await sleep(settleMs, undefined, { signal });
    say(`${String(seconds)} s with ${String(runs)} live runs`);
    const since = Date.now();
    await sleep(seconds * 1_000, undefined, { signal });
    return { live: runs, seconds, requests: await audit.between(since, Date.now()) };
  };
  try {
    await startAgent(site, live);
    const without = await during(0);
    await launchAll(site, 'endless', live);
    await untilInState(site, 'endless', 'running', live);
    return [without, await during(live)];
  } finally {
    await audit.close();
  }
}
