import type { FirstSeen } from '../../../contracts/records.ts';
import { holds, isTerminal, type Pod } from './objects.ts';

/** What the last state of a pod no longer tells: the first reason that it was disrupted for, and when somebody first asked for its deletion while it was alive. */
export function firstsOf(pod: Pod, known: FirstSeen | undefined): FirstSeen | undefined {
  const disruption = known?.disruption ?? disruptionOf(pod);
  const deletion = known?.deletion ?? (isTerminal(pod) ? undefined : deletionAskedAt(pod));
  if (disruption === known?.disruption && deletion === known?.deletion) return known;
  return { ...(disruption === undefined ? {} : { disruption }), ...(deletion === undefined ? {} : { deletion }) };
}

function disruptionOf({ status }: Pod): FirstSeen['disruption'] {
  const condition = holds(status?.conditions, 'DisruptionTarget');
  if (condition === undefined) return undefined;
  const { reason = 'unknown', message, lastTransitionTime } = condition;
  return {
    reason,
    ...(lastTransitionTime === undefined ? {} : { at: lastTransitionTime }),
    ...(message === undefined ? {} : { message: message.slice(0, 1_000) }),
  };
}

/** The timestamp is the end of the grace period. @see kubernetes-measured.md 4.3 */
function deletionAskedAt({ metadata: { deletionTimestamp, deletionGracePeriodSeconds = 0 } }: Pod): string | undefined {
  if (deletionTimestamp === undefined) return undefined;
  return new Date(Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1_000).toISOString();
}
