import type { EndedPod } from './ended-pod.ts';
import { holds, type Job } from './objects.ts';

/** The pod that made the others fail: without retries the first that failed by itself, else the last. */
export function causeOf(job: Job | undefined, failed: readonly EndedPod[]): EndedPod | undefined {
  const byEnd = failed.toSorted((a, b) => (a.endedMs ?? Infinity) - (b.endedMs ?? Infinity));
  const byThemselves = byEnd.filter(
    ({ deletedMs, pod }) => deletedMs === undefined && pod.metadata.deletionTimestamp === undefined,
  );
  const candidates = byThemselves.length > 0 ? byThemselves : byEnd;
  return (job?.spec?.backoffLimit ?? 0) === 0 ? candidates[0] : candidates.at(-1);
}

/** The cluster's own doing, where it came before the end that it would explain. */
export function interruption(
  job: Job | undefined,
  ended: readonly EndedPod[],
  cause: EndedPod | undefined,
): EndedPod | 'deadline' | undefined {
  const failedMs = cause?.disruption === undefined ? cause?.endedMs : undefined;
  const disrupted = ended
    .filter((one) => one.disruption !== undefined && precedes(one))
    .map((one) => ({ one, atMs: disruptedMs(one) }))
    .toSorted((a, b) => a.atMs - b.atMs)
    .find(({ atMs }) => failedMs === undefined || atMs <= failedMs);
  const deadlineMs = deadlineOf(job, ended);
  if (deadlineMs !== undefined && (disrupted === undefined || deadlineMs < disrupted.atMs)) return 'deadline';
  return disrupted?.one;
}

/** The kubelet writes its condition when all is over; every other comes before the end, or is none of its business. */
function precedes({ disruption, endedMs }: EndedPod): boolean {
  if (disruption?.atMs === undefined || endedMs === undefined) return true;
  return disruption.reason === 'TerminationByKubelet' || disruption.atMs <= endedMs;
}

const disruptedMs = ({ disruption, endedMs }: EndedPod): number =>
  Math.min(
    disruption?.atMs ?? Infinity,
    disruption?.reason === 'TerminationByKubelet' ? (endedMs ?? Infinity) : Infinity,
  );

/** When a time limit of the admin's own ended it. */
function deadlineOf(job: Job | undefined, ended: readonly EndedPod[]): number | undefined {
  const { conditions } = job?.status ?? {};
  const condition = [holds(conditions, 'FailureTarget'), holds(conditions, 'Failed')].find(
    (one) => one?.reason === 'DeadlineExceeded',
  );
  if (condition !== undefined) return Date.parse(condition.lastTransitionTime ?? '') || 0;
  return ended.find(({ pod }) => pod.status?.reason === 'DeadlineExceeded')?.endedMs;
}
