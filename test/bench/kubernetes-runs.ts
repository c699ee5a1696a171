import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../client/index.ts';
import { runQuery } from '../../client/visibility.ts';
import type { RunState } from '../../contracts/run-result.ts';
import { atMost } from '../../activities/at-most.ts';
import { busybox } from '../support/kubernetes-harness.ts';
import type { KubernetesSite, PodKind } from './kubernetes-site.ts';

const submittersAtOnce = 16;
const lookMs = 500;
/** Without any of them, something hangs. */
const patienceMs = 60_000;

/** Submits one run. */
export function launch({ cluster }: KubernetesSite, queue: PodKind): Promise<Run> {
  return cluster.shell(queue, 'true', { source: { image: busybox } });
}

/** Submits as many as wanted, as fast as the server takes them. */
export async function launchAll(site: KubernetesSite, queue: PodKind, count: number): Promise<Run[]> {
  site.measuring.say(`submitting ${String(count)} runs`);
  const submitting = atMost(submittersAtOnce);
  return Promise.all(Array.from({ length: count }, () => submitting(() => launch(site, queue))));
}

/** Waits until so many of a queue's runs are in a state. */
export function untilInState(site: KubernetesSite, queue: PodKind, state: RunState, wanted: number): Promise<void> {
  return untilCounted(site, state, runQuery({ queue, state }), wanted);
}

interface Ended {
  /** The last of them, in ms since 1970. */
  atMs: number;
  /** In the history of one of them, on average. */
  events: number;
}

/** Waits until so many of a queue's runs have ended. @throws Error where one of them has not succeeded */
export async function untilAllSucceeded(site: KubernetesSite, queue: PodKind, wanted: number): Promise<Ended> {
  const { workflow } = site.cluster.relaunch.temporal;
  const query = runQuery({ queue, query: "ExecutionStatus != 'Running'" });
  await untilCounted(site, 'ended', query, wanted);
  let [atMs, events] = [0, 0];
  for await (const { workflowId, status, closeTime, historyLength } of workflow.list({ query })) {
    if (status.name !== 'COMPLETED') throw new Error(`run ${workflowId} ended as ${status.name}`);
    atMs = Math.max(atMs, closeTime?.getTime() ?? 0);
    events += historyLength / wanted;
  }
  return { atMs, events };
}

async function untilCounted(
  { cluster, measuring: { say, signal } }: KubernetesSite,
  what: string,
  query: string,
  wanted: number,
): Promise<void> {
  const words = (count: number): string => `${String(count)} of ${String(wanted)} runs: ${what}`;
  let [seen, seenAt, saidAt] = [-1, performance.now(), performance.now()];
  while (seen < wanted) {
    const { count } = await cluster.relaunch.temporal.workflow.count(query);
    const now = performance.now();
    if (count !== seen) [seen, seenAt] = [count, now];
    if (now - seenAt > patienceMs) throw new Error(`${words(count)}, and none more for a minute`);
    if (now - saidAt > 10_000) {
      say(words(count));
      saidAt = now;
    }
    if (count < wanted) await sleep(lookMs, undefined, { signal });
  }
}
