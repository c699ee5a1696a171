import type { AttemptRef } from '../backend.ts';
import { Changes } from './changes.ts';
import { tombstoneOf } from './job-manifest.ts';
import { hasEnded, isStopped } from './job-state.ts';
import { annotation } from './labels.ts';
import { lostWithNode } from './node-loss.ts';
import { isTerminal, type Pod } from './objects.ts';
import type { Place } from './place.ts';
import { findJob, isOurs, nameOf, readAttempt, readNodes } from './read-attempt.ts';
import { isStatus, StatusError } from './status-error.ts';

/** The watch may be wrong. */
const lookMs = 2_000;

/** TERM, grace, KILL; see Backend.stop. The Job stays, suspended: nothing more of it starts, nor would a Job that was not there yet. */
export async function stopAttempt(
  place: Place,
  owner: string,
  ref: AttemptRef,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  await place.synced(signal);
  if (!(await suspend(place, owner, ref, signal))) return;
  const changes = new Changes(place, ref);
  try {
    const asked = new Set<string>();
    for (;;) {
      const seen = await readAttempt(place, ref, signal);
      const alive = seen.pods.filter((pod) => !isTerminal(pod));
      if (alive.length === 0) return;
      await Promise.all(alive.map((pod) => terminate(place, pod, graceMs, asked, signal)));
      const snapshot = { ...seen, at: new Date().toISOString() };
      // Nobody can stop what is on a machine that does not answer.
      if (lostWithNode({ ...snapshot, nodes: await readNodes(place, snapshot, signal) }) !== undefined) return;
      await changes.next(lookMs, signal);
    }
  } finally {
    changes.close();
  }
}

/** Answers false where the Job is not ours. */
async function suspend(place: Place, owner: string, ref: AttemptRef, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const job = await findJob(place, ref, signal);
    if (job === undefined) {
      if (await createTombstone(place, owner, ref, signal)) return true;
      continue;
    }
    if (!isOurs(job, ref)) return false;
    if (hasEnded(job) || isStopped(job)) return true;
    const body = {
      metadata: { uid: job.metadata.uid, annotations: { [annotation.stopped]: 'true' } },
      spec: { suspend: true },
    };
    const request = { method: 'PATCH', path: place.path('jobs', nameOf(ref)), body, signal } as const;
    try {
      if ((await place.api.find(request)) !== undefined) return true;
    } catch (error) {
      // Another Job of this name by now: looked at again.
      if (!isStatus(error, 409) && !isStatus(error, 422)) throw error;
    }
  }
}

async function createTombstone(place: Place, owner: string, ref: AttemptRef, signal: AbortSignal): Promise<boolean> {
  try {
    await place.api.send({ method: 'POST', path: place.path('jobs'), body: tombstoneOf(ref, owner), signal });
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'AlreadyExists') return false;
    throw error;
  }
}

/** Asked once of each pod, with the grace period of this request. */
async function terminate(
  place: Place,
  pod: Pod,
  graceMs: number,
  asked: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid } = pod.metadata;
  if (asked.has(uid)) return;
  await place.api
    .find({
      method: 'DELETE',
      path: place.path('pods', name),
      body: { gracePeriodSeconds: Math.max(1, Math.ceil(graceMs / 1_000)), preconditions: { uid } },
      signal,
    })
    .catch((error: unknown) => {
      if (!isStatus(error, 409)) throw error;
    });
  asked.add(uid);
}
