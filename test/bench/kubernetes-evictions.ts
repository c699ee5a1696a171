import { label } from '../../activities/backends/labels.ts';
import { result, type Run } from '../../client/index.ts';
import { atMost } from '../../activities/at-most.ts';
import { never } from '../support/backend-harness.ts';
import { Disruptions } from '../support/disruptions.ts';
import type { TestNamespace } from '../support/kubernetes-cluster.ts';
import type { Latency } from './latency.ts';
import { launchAll } from './kubernetes-runs.ts';
import { Sightings } from './kubernetes-sightings.ts';
import { startAgent, type KubernetesSite } from './kubernetes-site.ts';
import { spreadOf } from './statistics.ts';

/** Evictions under way at once. */
const atOnce = 4;

interface Replacement {
  /** From the answer of the eviction API to the end of the pod. */
  ending: number;
  sinceEviction: number;
  sinceEnd: number;
}

/** Live runs, with permits to spare, whose pods are evicted: until the Job of the second attempt is there. */
export async function measureEvictions(site: KubernetesSite, evictions: number): Promise<Latency[]> {
  const { namespace, measuring } = site;
  await startAgent(site, evictions + atOnce);
  const sightings = await Sightings.open(namespace);
  try {
    const runs = await launchAll(site, 'endless', evictions);
    await Promise.all(runs.map(({ id }) => sightings.running.of(id, 1)));
    measuring.say(`evicting ${String(evictions)} pods, ${String(atOnce)} at once`);
    const evicting = atMost(atOnce);
    const replaced = await Promise.all(runs.map((run) => evicting(() => replace(site, sightings, run))));
    await Promise.all(runs.map((run) => checkEnd(site, run)));
    return [
      { what: 'evicted -> replacement created', goalMs: 2_000, ...spreadOf(replaced.map((one) => one.sinceEviction)) },
      { what: '  evicted -> pod ended, by kwok', ...spreadOf(replaced.map((one) => one.ending)) },
      { what: '  pod ended -> replacement created', ...spreadOf(replaced.map((one) => one.sinceEnd)) },
    ];
  } finally {
    sightings.close();
  }
}

async function replace({ namespace }: KubernetesSite, sightings: Sightings, { id }: Run): Promise<Replacement> {
  const [pod] = await namespace.pods(`${label.run}=${id},${label.attempt}=1`);
  if (pod === undefined) throw new Error(`run ${id} has no pod`);
  const code = await new Disruptions(namespace).evict(pod);
  const evictedAt = Date.now();
  if (code !== 201) throw new Error(`the eviction of the pod of run ${id} was answered ${String(code)}`);
  const [endedAt, replacedAt] = await Promise.all([sightings.ended.of(id, 1), sightings.jobs.of(id, 2)]);
  await sightings.running.of(id, 2);
  await endPods(namespace, id);
  return { ending: endedAt - evictedAt, sinceEviction: replacedAt - evictedAt, sinceEnd: replacedAt - endedAt };
}

async function endPods({ admin, name, pods }: TestNamespace, run: string): Promise<void> {
  for (const { metadata } of await pods(`${label.run}=${run},${label.attempt}=2`)) {
    const path = `/api/v1/namespaces/${name}/pods/${metadata.name}`;
    const body = { metadata: { annotations: { 'relaunch.test/seconds': '0' } } };
    await admin.send({ method: 'PATCH', path, body, signal: never });
  }
}

async function checkEnd({ cluster }: KubernetesSite, { id, workflowId }: Run): Promise<void> {
  const { state, requeues } = await result(cluster.relaunch, workflowId);
  if (state !== 'succeeded' || requeues !== 1)
    throw new Error(`run ${id}, evicted once: ${state} after ${String(requeues)} requeues`);
}
