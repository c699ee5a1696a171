import type { FirstsSeen } from '../../../contracts/records.ts';
import type { Verdict } from '../backend.ts';
import { endedPod, type EndedPod } from './ended-pod.ts';
import { causeOf, interruption } from './interruption.ts';
import { isSingle, isStopped } from './job-state.ts';
import { lostWithNode } from './node-loss.ts';
import { holds, isTerminal, type Job } from './objects.ts';
import { timeOf } from './read-attempt.ts';
import { mainOf, type Snapshot } from './snapshot.ts';
import { vanished } from './vanished.ts';
import { failed, lost, preempted, succeeded, timedOut } from './verdicts.ts';

/** Who says that it is over. */
type Over = 'gone' | 'failed' | 'complete' | 'stopped' | 'ended';

/**
 * How an attempt has ended; undefined: it has not, or not for certain. The order: design.md section 4 and kubernetes-measured.md section 4.
 * What was first seen counts where the last read no longer tells.
 */
export function classify(snapshot: Snapshot, firsts: FirstsSeen): Verdict | undefined {
  const { job, pods } = snapshot;
  if (job === undefined && pods.length === 0) return vanished(snapshot, firsts);
  const main = mainOf(job, pods);
  const ended = pods.map((pod) => endedPod(pod, firsts[pod.metadata.uid], main));
  const unreachable = lostWithNode(snapshot);
  if (unreachable !== undefined) {
    const message = `node ${unreachable.spec?.nodeName ?? ''} does not answer: the job may still run there`;
    return lost(
      snapshot,
      'node-lost',
      ended.find(({ pod }) => pod === unreachable),
      message,
    );
  }
  if (pods.some((pod) => !isTerminal(pod))) return undefined;
  const over = whoSaysSo(job, ended);
  return over === undefined ? undefined : judge(snapshot, ended, over);
}

function whoSaysSo(job: Job | undefined, ended: readonly EndedPod[]): Over | undefined {
  if (job === undefined) return 'gone';
  const { conditions } = job.status ?? {};
  if (holds(conditions, 'Failed') !== undefined) return 'failed';
  if (holds(conditions, 'Complete') !== undefined) return 'complete';
  if (isStopped(job)) return 'stopped';
  return isSingle(job) && tellsAlone(job, ended) ? 'ended' : undefined;
}

/** Whether the pod's end is the Job's, before its controller says so. A deletion without a disruption may be a suspension, after which another pod comes. */
function tellsAlone({ spec, status }: Job, [only, ...others]: readonly EndedPod[]): boolean {
  if (only === undefined || others.length > 0) return false;
  if (only.disruption !== undefined && only.pod.status?.phase === 'Failed') return true;
  const suspended = spec?.suspend === true || holds(status?.conditions, 'Suspended') !== undefined;
  const deleted = only.deletedMs !== undefined || only.pod.metadata.deletionTimestamp !== undefined;
  return !suspended && (!deleted || only.disruption !== undefined);
}

function judge(snapshot: Snapshot, ended: readonly EndedPod[], over: Over): Verdict {
  const good = ended.filter(({ pod }) => pod.status?.phase === 'Succeeded');
  const bad = ended.filter(({ pod }) => pod.status?.phase === 'Failed');
  if (over === 'complete' || (over !== 'failed' && bad.length === 0 && good.length > 0))
    return succeeded(snapshot, good.at(-1));
  const cause = causeOf(snapshot.job, bad);
  const interrupted = interruption(snapshot.job, ended, cause);
  if (interrupted === 'deadline') return timedOut(snapshot, cause);
  if (interrupted?.disruption !== undefined) return preempted(snapshot, interrupted.disruption, interrupted);
  return cause === undefined ? withoutPods(snapshot, over) : ofFailedPod(snapshot, cause, over);
}

/** Reasons of a pod that a kubelet refused or ended before anything of it ran. */
const neverAdmitted =
  /^(NodeShutdown|Shutdown|NodeAffinity|UnexpectedAdmissionError|OutOf.*|Evicted|Terminated|Preempting)$/;

/** Reasons of a container that its runtime could not start: no such program, no such directory. */
const cannotStart = /^(StartError|ContainerCannotRun|RunContainerError)$/;

function ofFailedPod(snapshot: Snapshot, cause: EndedPod, over: Over): Verdict {
  const { pod, teller, hasRun } = cause;
  const { reason, message } = pod.status ?? {};
  if (over !== 'stopped' && wasDeleted(snapshot, cause))
    return lost(snapshot, 'deleted-externally', cause, deletedWords(over));
  if (!hasRun && (over === 'stopped' || neverAdmitted.test(reason ?? '')))
    return lost(snapshot, 'never-started', cause, message ?? reason ?? 'it was stopped before it began');
  if (reason === 'Evicted') return failed(snapshot, 'storage-limit', cause, message);
  const { exitCode, reason: word, startedAt, message: words } = teller?.terminated ?? {};
  if (cannotStart.test(word ?? '')) return failed(snapshot, 'invalid-config', cause, words);
  if (word === 'OOMKilled' && exitCode === 137)
    return failed(snapshot, 'out-of-memory', cause, 'the container used more memory than its limit');
  if ((exitCode === 255 && word === 'Unknown') || (word === 'ContainerStatusUnknown' && startedAt))
    return lost(snapshot, 'runtime-restart', cause, 'the container runtime or its machine was restarted');
  if (exitCode === undefined || exitCode === 0 || !hasRun)
    return lost(snapshot, hasRun ? 'vanished' : 'never-started', cause, message ?? reason ?? 'no container of it ran');
  const child = word === 'OOMKilled' ? 'a process that the job had started used more memory than the limit' : undefined;
  return failed(snapshot, 'exit-code', cause, child ?? words);
}

const deletedWords = (over: Over): string =>
  over === 'gone' ? 'somebody deleted its Job' : 'somebody deleted its pod, or its Job';

/** Whether its end is a deletion's. A deletion that nobody saw while it was alive is told by the kubelet's event. */
function wasDeleted({ events = [] }: Snapshot, { pod, endedMs, deletedMs, hasRun }: EndedPod): boolean {
  if (deletedMs !== undefined) return endedMs === undefined || deletedMs <= endedMs + 999;
  if (pod.metadata.deletionTimestamp === undefined) return false;
  if (!hasRun) return true;
  return events.some(
    (event) =>
      event.involvedObject?.uid === pod.metadata.uid &&
      event.reason === 'Killing' &&
      event.message?.startsWith('Stopping container') === true &&
      (endedMs === undefined || timeOf(event) <= endedMs + 999),
  );
}

/** A Job that ended without a pod that would say why. */
function withoutPods(snapshot: Snapshot, over: Over): Verdict {
  if (over === 'stopped') return lost(snapshot, 'never-started', undefined, 'it was stopped before it began');
  const condition = holds(snapshot.job?.status?.conditions, 'Failed');
  const words = condition?.message ?? condition?.reason ?? 'its Job ended, and none of its pods is left';
  return lost(snapshot, over === 'gone' ? 'deleted-externally' : 'vanished', undefined, words);
}

/** Whether {@link classify} would know more with the events of the attempt. */
export function needsEvents({ job, pods }: Snapshot, firsts: FirstsSeen): boolean {
  if (job === undefined && pods.length === 0) return true;
  return pods.some(
    ({ metadata: { uid, deletionTimestamp } }) =>
      deletionTimestamp !== undefined && firsts[uid]?.deletion === undefined,
  );
}
