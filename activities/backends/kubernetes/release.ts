import type { AttemptRef, Leaving } from '../backend.ts';
import { Changes } from './changes.ts';
import { nodesInDoubt } from './node-loss.ts';
import { holds, isTerminal, type Job, type Pod } from './objects.ts';
import type { Place } from './place.ts';
import { findNode, isOurs, readAttempt } from './read-attempt.ts';
import { removeFinalizer } from './remove-finalizer.ts';
import { isStatus } from './status-error.ts';

/** The watch may be wrong. */
const lookMs = 2_000;

/** Removes the Job and its pods; see Backend.release. What still runs is killed. */
export async function releaseAttempt(place: Place, ref: AttemptRef, signal: AbortSignal, left: Leaving): Promise<void> {
  await place.synced();
  const changes = new Changes(place, ref);
  try {
    const killed = new Set<string>();
    for (;;) {
      const { job, pods } = await readAttempt(place, ref, signal);
      if (job !== undefined && !isOurs(job, ref)) return;
      if (job === undefined && pods.length === 0) return;
      const unreachable = await unreachableOf(place, pods, signal);
      if (unreachable.length > 0 && left === 'leave-unreachable') return;
      // The Job first: without it nothing comes in the place of its pods.
      if (job !== undefined && job.metadata.deletionTimestamp === undefined) await removeJob(place, job, signal);
      await Promise.all(pods.map((pod) => removePod(place, pod, unreachable.includes(pod), killed, signal)));
      await changes.next(lookMs, signal);
    }
  } finally {
    changes.close();
  }
}

async function removeJob(place: Place, { metadata: { name, uid } }: Job, signal: AbortSignal): Promise<void> {
  const body = { preconditions: { uid }, propagationPolicy: 'Background' };
  await remove(place, place.path('jobs', name), body, signal);
}

async function removePod(
  place: Place,
  pod: Pod,
  isUnreachable: boolean,
  killed: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid, deletionTimestamp } = pod.metadata;
  const over = isTerminal(pod) || isUnreachable;
  if (over) await removeFinalizer(place, pod, signal);
  if (killed.has(`${uid} ${String(over)}`) || (over && deletionTimestamp !== undefined && !isUnreachable)) return;
  killed.add(`${uid} ${String(over)}`);
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

/** Those on machines that do not answer, for so long that they count as lost with them. */
async function unreachableOf(place: Place, pods: readonly Pod[], signal: AbortSignal): Promise<Pod[]> {
  const doubted = nodesInDoubt({ job: undefined, pods, at: new Date().toISOString() });
  const down = new Set<string>();
  for (const name of new Set(doubted)) {
    const node = await findNode(place, name, signal);
    if (node === undefined || holds(node.status?.conditions, 'Ready') === undefined) down.add(name);
  }
  return pods.filter((pod) => !isTerminal(pod) && down.has(pod.spec?.nodeName ?? ''));
}
