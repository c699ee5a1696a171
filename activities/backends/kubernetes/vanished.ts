import type { FirstsSeen } from '../../../contracts/records.ts';
import type { Verdict } from '../backend.ts';
import type { Snapshot } from './snapshot.ts';
import { lost, preempted } from './verdicts.ts';

/** Nothing is there: what was seen of it before says why, else the events do. */
export function vanished(snapshot: Snapshot, firsts: FirstsSeen): Verdict {
  const seen = Object.values(firsts);
  const disrupted = seen.find(({ disruption }) => disruption !== undefined);
  if (disrupted?.disruption !== undefined) {
    const { reason, message } = disrupted.disruption;
    return preempted(snapshot, { reason, message });
  }
  const { events = [] } = snapshot;
  if (seen.some(({ deletion }) => deletion !== undefined)) {
    return lost(snapshot, 'deleted-externally', undefined, 'somebody deleted its pod and its Job');
  }
  const told = events.findLast(({ reason }) => reason !== undefined && eventReasons.has(reason));
  const by = told?.reason === undefined ? undefined : eventReasons.get(told.reason);
  if (by !== undefined) return preempted(snapshot, { reason: by, message: told?.message });
  if (events.some(({ reason }) => reason === 'Killing' || reason === 'SuccessfulDelete'))
    return lost(snapshot, 'deleted-externally', undefined, 'somebody deleted its Job');
  if (events.length > 0) return lost(snapshot, 'vanished', undefined, 'its Job is gone, and nobody saw how it ended');
  return lost(snapshot, 'never-started', undefined, 'there is no Job of it');
}

/** What the components say when they take a pod away. */
const eventReasons = new Map([
  ['Preempted', 'PreemptionByScheduler'],
  ['TaintManagerEviction', 'DeletionByTaintManager'],
]);
