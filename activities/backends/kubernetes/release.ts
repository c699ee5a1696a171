import type { AttemptRef, Leaving } from '../backend.ts';
import { Changes } from './changes.ts';
import { holds, isTerminal, type Job, type Pod } from './objects.ts';
import { finalizer } from './labels.ts';
import type { Place, Seen } from './place.ts';
import { isOurs, readAttempt, readNodes } from './read-attempt.ts';
import { removeFinalizer } from './remove-finalizer.ts';
import { isStatus } from './status-error.ts';

/** For so long the watch is believed, which may be wrong. */
const believedMs = 2_000;
/** Between our removal of a finalizer and the news of it. */
const removalMs = 200;

/** Removes the Job and its pods; see Backend.release. What still runs is killed. */
export async function releaseAttempt(place: Place, ref: AttemptRef, signal: AbortSignal, left: Leaving): Promise<void> {
  await place.synced(signal);
  const changes = new Changes(place, ref);
  const told = new Set<string>();
  let believedUntil = performance.now() + believedMs;
  try {
    for (;;) {
      const trusted = performance.now() < believedUntil;
      if (!trusted) believedUntil = performance.now() + believedMs;
      const { job, pods } = await whatIsLeft(place, ref, trusted, signal);
      if (job !== undefined && !isOurs(job, ref)) return;
      if (job === undefined && pods.length === 0) return;
      const unreachable = await unreachableOf(place, pods, signal);
      if (unreachable.length > 0 && left === 'leave-unreachable') return;
      // The Job first: without it nothing comes in the place of its pods.
      if (job !== undefined && isNew(told, job.metadata.uid)) await removeJob(place, job, signal);
      await Promise.all(pods.map((pod) => removePod(place, pod, unreachable.includes(pod), told, signal)));
      await untilDifferent(place, ref, changes, signal);
    }
  } finally {
    changes.close();
  }
}

/** As the watch has it, which is enough to remove by. That there is nothing left only a read tells. */
async function whatIsLeft(place: Place, ref: AttemptRef, trusted: boolean, signal: AbortSignal): Promise<Seen> {
  const seen = place.seen(ref);
  const nothing = seen.job === undefined && seen.pods.length === 0;
  return nothing || !trusted ? readAttempt(place, ref, signal) : seen;
}

/** Waits until nothing seems to be left, or a pod has ended that still waits for us; not for ever. */
async function untilDifferent(place: Place, ref: AttemptRef, changes: Changes, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + believedMs;
  for (let waitMs: number = believedMs; waitMs > 0; waitMs = deadline - performance.now()) {
    const { job, pods } = place.seen(ref);
    if (job === undefined && pods.length === 0) return;
    const waits = pods.some((pod) => isTerminal(pod) && pod.metadata.finalizers?.includes(finalizer) === true);
    await changes.next(waits ? Math.min(waitMs, removalMs) : waitMs, signal);
    if (waits) return;
  }
}

const isNew = (told: Set<string>, what: string): boolean => {
  const known = told.has(what);
  told.add(what);
  return !known;
};

async function removeJob(place: Place, { metadata: { name, uid } }: Job, signal: AbortSignal): Promise<void> {
  const body = { preconditions: { uid }, propagationPolicy: 'Background' };
  await remove(place, place.path('jobs', name), body, signal);
}

async function removePod(
  place: Place,
  pod: Pod,
  isUnreachable: boolean,
  told: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid } = pod.metadata;
  const over = isTerminal(pod) || isUnreachable;
  if (over) await removeFinalizer(place, pod, signal);
  if (!isNew(told, `${uid} ${over ? 'over' : 'alive'}`)) return;
  const body = { gracePeriodSeconds: over ? 0 : 1, preconditions: { uid } };
  await remove(place, place.path('pods', name), body, signal);
}

async function remove(place: Place, path: string, body: object, signal: AbortSignal): Promise<void> {
  try {
    await place.api.find({ method: 'DELETE', path, body, signal });
  } catch (error) {
    // By another of this name, which is not ours to touch.
    if (!isStatus(error, 409)) throw error;
  }
}

/** Those on machines that do not answer, or are gone, for so long that they count as lost with them. */
async function unreachableOf(place: Place, pods: readonly Pod[], signal: AbortSignal): Promise<Pod[]> {
  const nodes = await readNodes(place, { pods, at: new Date().toISOString() }, signal);
  const down = Object.entries(nodes).filter(([, node]) => holds(node?.status?.conditions, 'Ready') === undefined);
  const names = new Set(down.map(([name]) => name));
  return pods.filter((pod) => !isTerminal(pod) && names.has(pod.spec?.nodeName ?? ''));
}
