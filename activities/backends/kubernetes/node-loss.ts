import { holds, isTerminal, type Pod } from './objects.ts';
import type { Snapshot } from './snapshot.ts';

/** A pod that has not ended this long after its grace period, on a node that is not Ready, is lost with its node. */
const nodeLostAfterMs = 60_000;

/** The nodes of pods that should have ended by now: the verdict wants to know how they are. */
export function nodesInDoubt({ pods, at }: Pick<Snapshot, 'pods' | 'at'>): string[] {
  return pods.flatMap((pod) => (isOverdue(pod, Date.parse(at)) && pod.spec?.nodeName ? [pod.spec.nodeName] : []));
}

/** When, in ms since 1970, the next of the pods that should end is overdue; infinite where none should. */
export const overdueAt = (pods: readonly Pod[]): number => Math.min(...pods.map(overdueAtOf));

function overdueAtOf(pod: Pod): number {
  const { deletionTimestamp } = pod.metadata;
  // The timestamp has the grace period in it.
  return isTerminal(pod) || deletionTimestamp === undefined
    ? Infinity
    : Date.parse(deletionTimestamp) + nodeLostAfterMs;
}

const isOverdue = (pod: Pod, nowMs: number): boolean => nowMs > overdueAtOf(pod);

/** A pod that is lost with its node. Whether it still runs there nobody knows. */
export function lostWithNode({ nodes = {}, pods, at }: Pick<Snapshot, 'nodes' | 'pods' | 'at'>): Pod | undefined {
  return pods.find((pod) => {
    const node = nodes[pod.spec?.nodeName ?? ''];
    return isOverdue(pod, Date.parse(at)) && node && holds(node.status?.conditions, 'Ready') === undefined;
  });
}
