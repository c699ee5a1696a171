import type { FailureCause, LostReason } from '../../../contracts/outcome.ts';
import type { FirstsSeen } from '../../../contracts/records.ts';
import type { Verdict } from '../backend.ts';
import { endedPod, vanishedDisruption, type EndedPod } from './ended-pod.ts';
import { annotation } from './labels.ts';
import { holds, isTerminal, type ClusterEvent, type Job, type Node, type Pod } from './objects.ts';
import { timeOf } from './read-attempt.ts';

/** A pod that has not ended this long after its grace period, on a node that is not Ready, is lost with its node. */
export const nodeLostAfterMs = 60_000;

/** Everything that a verdict is made of, from one consistent read. */
export interface Snapshot {
  job: Job | undefined;
  pods: readonly Pod[];
  /** When this was read, ISO 8601. */
  at: string;
  /** Of the attempt's objects, the oldest first; read where the objects alone do not tell. */
  events?: readonly ClusterEvent[];
  /** By name, those of pods that do not end; null: there is no such node any more. */
  nodes?: Readonly<Record<string, Node | null>>;
  /** The last lines of the main container. */
  lastWords?: string;
}

/**
 * How an attempt has ended; undefined: it has not, or not for certain. The order: design.md section 4 and kubernetes-measured.md section 4.
 * What was first seen counts where the last read no longer tells.
 */
export function classify(snapshot: Snapshot, firsts: FirstsSeen): Verdict | undefined {
  const { job, pods } = snapshot;
  const main = mainOf(job, pods);
  const ended = pods.map((pod) => endedPod(pod, firsts[pod.metadata.uid], main));
  if (job === undefined && pods.length === 0) return vanished(snapshot, firsts);
  const lost = lostWithNode(snapshot, ended);
  if (lost !== undefined) return lost;
  if (pods.some((pod) => !isTerminal(pod))) return undefined;
  if (job === undefined) return judge(snapshot, ended, 'gone');
  const { conditions } = job.status ?? {};
  if (holds(conditions, 'Failed') !== undefined) return judge(snapshot, ended, 'failed');
  if (holds(conditions, 'Complete') !== undefined) return judge(snapshot, ended, 'complete');
  if (job.metadata.annotations?.[annotation.stopped] !== undefined) return judge(snapshot, ended, 'stopped');
  if (holds(conditions, 'FailureTarget') ?? holds(conditions, 'SuccessCriteriaMet')) return undefined;
  return isSingle(job) && tellsAlone(job, ended) ? judge(snapshot, ended, 'ended') : undefined;
}

/** The container that runs the job: as the Job says, else the one named `main`, else the first. */
export function mainOf(job: Job | undefined, pods: readonly Pod[]): string | undefined {
  const containers = pods[0]?.spec?.containers ?? [];
  const said = job?.metadata.annotations?.[annotation.main] ?? pods[0]?.metadata.annotations?.[annotation.main];
  return said ?? containers.find(({ name }) => name === 'main')?.name ?? containers[0]?.name;
}

const isSingle = ({ spec: { parallelism = 1, completions = 1, backoffLimit = 0 } = {} }: Job): boolean =>
  parallelism === 1 && completions === 1 && backoffLimit === 0;

/** Whether the pod's end is the Job's, before its controller says so. A deletion without a disruption may be a suspension, after which another pod comes. */
function tellsAlone({ spec, status }: Job, [only, ...others]: readonly EndedPod[]): boolean {
  if (only === undefined || others.length > 0) return false;
  if (only.pod.status?.phase === 'Succeeded') return spec?.suspend !== true;
  if (only.disruption !== undefined) return true;
  const suspended = spec?.suspend === true || holds(status?.conditions, 'Suspended') !== undefined;
  return !suspended && only.deletedMs === undefined && only.pod.metadata.deletionTimestamp === undefined;
}

function judge(
  snapshot: Snapshot,
  ended: readonly EndedPod[],
  how: 'gone' | 'failed' | 'complete' | 'stopped' | 'ended',
): Verdict {
  const succeeded = ended.filter(({ pod }) => pod.status?.phase === 'Succeeded');
  const failed = ended.filter(({ pod }) => pod.status?.phase === 'Failed');
  if (how === 'complete' || (how !== 'failed' && failed.length === 0 && succeeded.length > 0))
    return { kind: 'succeeded', exitCode: 0, ...factsOf(snapshot, succeeded.at(-1)) };
  const cause = causeOf(snapshot.job, failed);
  const interrupted = interruption(snapshot.job, ended, cause);
  if (interrupted === 'deadline') return timedOut(snapshot, cause);
  if (interrupted !== undefined) return preempted(snapshot, interrupted);
  if (cause === undefined) return withoutPods(snapshot, how);
  return ofFailedPod(snapshot, cause, how);
}

/** The pod that made the others fail: without retries the first that failed by itself, else the last. */
function causeOf(job: Job | undefined, failed: readonly EndedPod[]): EndedPod | undefined {
  const byEnd = failed.toSorted((a, b) => (a.endedMs ?? Infinity) - (b.endedMs ?? Infinity));
  const byThemselves = byEnd.filter(
    ({ deletedMs, pod }) => deletedMs === undefined && pod.metadata.deletionTimestamp === undefined,
  );
  const candidates = byThemselves.length > 0 ? byThemselves : byEnd;
  return (job?.spec?.backoffLimit ?? 0) === 0 ? candidates[0] : candidates.at(-1);
}

/** The cluster's own doing, where it came before the end that it would explain. */
function interruption(
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

function timedOut(snapshot: Snapshot, cause: EndedPod | undefined): Verdict {
  const message = "the Job's or pod's own activeDeadlineSeconds are over";
  return { kind: 'timed-out', phase: 'run', ...exitOf(cause), ...factsOf(snapshot, cause), message };
}

const disruptors = new Map([
  ['EvictionByEvictionAPI', 'eviction API'],
  ['PreemptionByScheduler', 'kube-scheduler'],
  ['TerminationByKubelet', 'kubelet'],
  ['DeletionByTaintManager', 'taint manager'],
  ['DeletionByPodGC', 'pod garbage collector'],
]);

function preempted(snapshot: Snapshot, ended: EndedPod): Verdict {
  const { reason, message } = ended.disruption ?? { reason: 'unknown', message: undefined };
  const by = disruptors.get(reason) ?? 'kubernetes';
  return {
    ...{ kind: 'preempted' as const, reason, by, ...exitOf(ended), ...factsOf(snapshot, ended) },
    ...(message === undefined ? {} : { message }),
  };
}

/** Reasons of a pod that a kubelet refused or ended before anything of it ran. */
const neverAdmitted =
  /^(NodeShutdown|Shutdown|NodeAffinity|UnexpectedAdmissionError|OutOf.*|Evicted|Terminated|Preempting)$/;

function ofFailedPod(snapshot: Snapshot, cause: EndedPod, how: string): Verdict {
  const { pod, teller, hasRun } = cause;
  const { reason, message } = pod.status ?? {};
  if (how !== 'stopped' && wasDeleted(snapshot, cause))
    return lost(snapshot, 'deleted-externally', cause, deletedWords(how));
  if (!hasRun && (how === 'stopped' || neverAdmitted.test(reason ?? '')))
    return lost(snapshot, 'never-started', cause, message ?? reason ?? 'it was stopped before it began');
  if (reason === 'Evicted') return failed(snapshot, 'storage-limit', cause, message);
  const { exitCode, reason: word, startedAt } = teller?.terminated ?? {};
  if (word === 'OOMKilled' && exitCode === 137)
    return failed(snapshot, 'out-of-memory', cause, 'the container used more memory than its limit');
  if ((exitCode === 255 && word === 'Unknown') || (word === 'ContainerStatusUnknown' && startedAt))
    return lost(snapshot, 'runtime-restart', cause, 'the container runtime or its machine was restarted');
  if (exitCode === undefined || exitCode === 0 || !hasRun)
    return lost(snapshot, hasRun ? 'vanished' : 'never-started', cause, message ?? reason ?? 'no container of it ran');
  const words = word === 'OOMKilled' ? 'a process that the job had started used more memory than the limit' : undefined;
  return failed(snapshot, 'exit-code', cause, words ?? teller?.terminated.message);
}

const deletedWords = (how: string): string =>
  how === 'gone' ? 'somebody deleted its Job' : 'somebody deleted its pod, or its Job';

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

/** Whether {@link classify} would know more with the events of the attempt. */
export function needsEvents({ job, pods }: Snapshot, firsts: FirstsSeen): boolean {
  if (job === undefined && pods.length === 0) return true;
  return pods.some(
    ({ metadata: { uid, deletionTimestamp } }) =>
      deletionTimestamp !== undefined && firsts[uid]?.deletion === undefined,
  );
}

/** The nodes of pods that should have ended by now: {@link classify} wants to know how they are. */
export function nodesInDoubt({ pods, at }: Snapshot): string[] {
  return pods.flatMap((pod) => (isOverdue(pod, Date.parse(at)) && pod.spec?.nodeName ? [pod.spec.nodeName] : []));
}

/** The timestamp has the grace period in it. */
function isOverdue(pod: Pod, nowMs: number): boolean {
  const { deletionTimestamp } = pod.metadata;
  return !isTerminal(pod) && deletionTimestamp !== undefined && nowMs > Date.parse(deletionTimestamp) + nodeLostAfterMs;
}

function lostWithNode(snapshot: Snapshot, ended: readonly EndedPod[]): Verdict | undefined {
  const { nodes = {}, at } = snapshot;
  const found = ended.find(({ pod }) => {
    const node = nodes[pod.spec?.nodeName ?? ''];
    return isOverdue(pod, Date.parse(at)) && node && holds(node.status?.conditions, 'Ready') === undefined;
  });
  if (found === undefined) return undefined;
  const { nodeName = '' } = found.pod.spec ?? {};
  return lost(snapshot, 'node-lost', found, `node ${nodeName} does not answer: the job may still run there`);
}

/** A Job that ended without a pod that would say why. */
function withoutPods(snapshot: Snapshot, how: string): Verdict {
  if (how === 'stopped') return lost(snapshot, 'never-started', undefined, 'it was stopped before it began');
  const condition = holds(snapshot.job?.status?.conditions, 'Failed');
  const words = condition?.message ?? condition?.reason ?? 'its Job ended, and none of its pods is left';
  return lost(snapshot, how === 'gone' ? 'deleted-externally' : 'vanished', undefined, words);
}

/** Nothing is there: what was seen of it before says why, else the events do. */
function vanished(snapshot: Snapshot, firsts: FirstsSeen): Verdict {
  const seen = Object.values(firsts);
  const disrupted = seen.find(({ disruption }) => disruption !== undefined);
  if (disrupted?.disruption !== undefined) {
    const { reason, message } = vanishedDisruption(disrupted) ?? { reason: 'unknown', message: undefined };
    return preemptedUnseen(snapshot, reason, message);
  }
  const { events = [] } = snapshot;
  if (seen.some(({ deletion }) => deletion !== undefined)) {
    return lost(snapshot, 'deleted-externally', undefined, 'somebody deleted its pod and its Job');
  }
  const told = events.findLast(({ reason }) => reason !== undefined && eventReasons.has(reason));
  const by = told?.reason === undefined ? undefined : eventReasons.get(told.reason);
  if (by !== undefined) return preemptedUnseen(snapshot, by, told?.message);
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

function preemptedUnseen(snapshot: Snapshot, reason: string, message: string | undefined): Verdict {
  const by = disruptors.get(reason) ?? 'kubernetes';
  return { kind: 'preempted', reason, by, at: snapshot.at, ...(message === undefined ? {} : { message }) };
}

function failed(snapshot: Snapshot, cause: FailureCause, ended: EndedPod, words: string | undefined): Verdict {
  const said = [words?.trim(), snapshot.lastWords].filter((text) => text !== undefined && text !== '').join('\n');
  const message = said || signalOf(ended.teller?.terminated.exitCode);
  return {
    ...{ kind: 'failed' as const, cause, ...exitOf(ended), ...factsOf(snapshot, ended) },
    ...(message === '' ? {} : { message: inContainer(snapshot, ended, message) }),
  };
}

/** Which container, where it is not the main one. */
function inContainer({ job, pods }: Snapshot, { teller }: EndedPod, message: string): string {
  return teller === undefined || teller.name === mainOf(job, pods) ? message : `container ${teller.name}: ${message}`;
}

function lost(snapshot: Snapshot, reason: LostReason, ended: EndedPod | undefined, message: string): Verdict {
  return { kind: 'lost', reason, ...exitOf(ended), ...factsOf(snapshot, ended), message };
}

function exitOf(ended: EndedPod | undefined): { exitCode?: number } {
  const exitCode = ended?.hasRun === true ? ended.teller?.terminated.exitCode : undefined;
  return exitCode === undefined ? {} : { exitCode };
}

function factsOf({ at }: Snapshot, ended: EndedPod | undefined): { at: string; node?: string } {
  const node = ended?.pod.spec?.nodeName;
  return {
    at: ended?.endedMs === undefined ? at : new Date(ended.endedMs).toISOString(),
    ...(node === undefined ? {} : { node }),
  };
}

/** What an exit code above 128 stands for, of the signals that end jobs. */
function signalOf(exitCode: number | undefined): string {
  const name = { 129: 'SIGHUP', 130: 'SIGINT', 134: 'SIGABRT', 137: 'SIGKILL', 139: 'SIGSEGV', 143: 'SIGTERM' }[
    exitCode ?? 0
  ];
  return name === undefined ? '' : `the job was ended by ${name}`;
}
