import type { AttemptRef } from '../backend.ts';
import { unscheduledSince } from './phase.ts';
import type { Place, Seen } from './place.ts';
import { eventsOf } from './read-attempt.ts';

/** A pod that has no node for longer may be one that an autoscaler has something to say about. */
const worthAskingMs = 3_000;

/** What the Job controller and autoscalers say: quotas and admission for a Job without pods, new nodes for pods without one. */
const worthTelling = /^(FailedCreate|TriggeredScaleUp|NotTriggerScaleUp|Nominated|FailedScaling)$/;

/** Why an attempt waits, beside what its pods say. */
export async function whyWaiting(
  place: Place,
  ref: AttemptRef,
  seen: Seen,
  signal: AbortSignal,
): Promise<string | undefined> {
  const since = seen.pods.length === 0 ? seen.job?.metadata.creationTimestamp : unscheduledSince(seen);
  if (since === undefined || Date.now() - Date.parse(since) < worthAskingMs) return undefined;
  const events = await eventsOf(place, ref, seen.pods, signal).catch(() => []);
  const told = events.findLast(({ reason }) => reason !== undefined && worthTelling.test(reason));
  return told === undefined ? undefined : `${told.reason ?? ''}: ${told.message ?? ''}`;
}
