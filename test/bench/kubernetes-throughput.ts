import { AuditCount, type Requests } from './kubernetes-audit.ts';
import { runBareJobs } from './kubernetes-bare-jobs.ts';
import { controlPlanePids, cpuSince, type CpuMs } from './kubernetes-cpu.ts';
import { emptyNamespace } from './kubernetes-empty.ts';
import { launchAll, untilAllSucceeded } from './kubernetes-runs.ts';
import { startAgent, type KubernetesSite } from './kubernetes-site.ts';

export interface Load {
  runs: number;
  /** The most at a time. */
  alive: number;
}

/** One way to bring jobs to their end. */
export interface Way {
  perSecond: number;
  /** Of one job, by process; without those that are not ours to look at. */
  cpuMs: CpuMs;
}

export interface KubernetesThroughput extends Load {
  bare: Way;
  relaunch: Way;
  ratio: number;
  /** In the history of a run, on average. */
  events: number;
  /** Of the agent, in all, its start apart; undefined where nobody counted. */
  requests?: Requests;
}

/** Jobs of a second: first created as they are, then as queued runs, from the moment the agent serves to the end of the last. */
export async function measureKubernetesThroughput(site: KubernetesSite, load: Load): Promise<KubernetesThroughput> {
  const { cluster, control, namespace, measuring } = site;
  const { runs, alive } = load;
  const controlPlane = await controlPlanePids(namespace.testbed);
  const client = process.pid;

  measuring.say(`${String(runs)} bare Jobs, ${String(alive)} at a time`);
  const usedByBare = cpuSince({ ...controlPlane, client });
  const bareSince = Date.now();
  await runBareJobs(site, runs, alive);
  const bare = wayOf(runs, Date.now() - bareSince, usedByBare());
  measuring.say(`${bare.perSecond.toFixed(1)} a second`);
  await emptyNamespace(namespace);

  await launchAll(site, 'brief', runs);
  const audit = await AuditCount.open(namespace);
  const agent = await startAgent(site, alive);
  const ours = { server: cluster.serverPid, control: control.child.pid, agent: agent.child.pid };
  const used = cpuSince({ ...controlPlane, ...ours, client });
  const since = Date.now();
  const { atMs, events } = await untilAllSucceeded(site, 'brief', runs);
  const relaunch = wayOf(runs, atMs - since, used());
  measuring.say(`${relaunch.perSecond.toFixed(1)} runs a second`);
  const requests = await audit?.between(since, atMs);
  await audit?.close();
  const ratio = relaunch.perSecond / bare.perSecond;
  return { ...load, bare, relaunch, ratio, events, ...(requests === undefined ? {} : { requests }) };
}

function wayOf(jobs: number, ms: number, used: CpuMs): Way {
  const cpuMs = Object.fromEntries(Object.entries(used).map(([name, each]) => [name, each / jobs]));
  return { perSecond: jobs / (ms / 1_000), cpuMs };
}
