import type { FailureCause, LostReason } from '../../../contracts/outcome.ts';
import type { Verdict } from '../backend.ts';
import type { EndedPod } from './ended-pod.ts';
import { mainOf, type Snapshot } from './snapshot.ts';

export function succeeded(snapshot: Snapshot, ended: EndedPod | undefined): Verdict {
  return { kind: 'succeeded', exitCode: 0, ...factsOf(snapshot, ended) };
}

export function timedOut(snapshot: Snapshot, cause: EndedPod | undefined): Verdict {
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

/** `ended`: undefined where nothing is left of it but what was seen. */
export function preempted(
  snapshot: Snapshot,
  { reason, message }: { reason: string; message: string | undefined },
  ended?: EndedPod,
): Verdict {
  const by = disruptors.get(reason) ?? 'kubernetes';
  return {
    ...{ kind: 'preempted' as const, reason, by, ...exitOf(ended), ...factsOf(snapshot, ended) },
    ...(message === undefined ? {} : { message }),
  };
}

export function failed(snapshot: Snapshot, cause: FailureCause, ended: EndedPod, words: string | undefined): Verdict {
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

export function lost(snapshot: Snapshot, reason: LostReason, ended: EndedPod | undefined, message: string): Verdict {
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
