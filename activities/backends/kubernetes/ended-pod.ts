import type { FirstSeen } from '../../../contracts/records.ts';
import { holds, startOf, statusesOf, type Condition, type Pod, type Terminated } from './objects.ts';

/** A pod as the verdict needs it: when things happened to it, in ms since 1970, and the container that tells its end. */
export interface EndedPod {
  pod: Pod;
  /** When its last container ended; undefined where none did, or nobody knows. */
  endedMs: number | undefined;
  /** The first reason that it was to be disrupted for, if that still holds. */
  disruption: { reason: string; atMs: number | undefined; message: string | undefined } | undefined;
  /** When its deletion was asked for while it was alive. */
  deletedMs: number | undefined;
  /** The container that says how it ended: the main one if that failed, else the first that failed, else the main one. */
  teller: { name: string; terminated: Terminated } | undefined;
  /** Any container of it ever ran. */
  hasRun: boolean;
}

export function endedPod(pod: Pod, first: FirstSeen | undefined, main: string | undefined): EndedPod {
  const statuses = statusesOf(pod);
  const ended = statuses.flatMap(({ name, state }) =>
    state?.terminated === undefined ? [] : [{ name, terminated: state.terminated }],
  );
  const ends = ended.flatMap(({ terminated: { finishedAt } }) => (finishedAt ? [Date.parse(finishedAt)] : []));
  return {
    pod,
    endedMs: ends.length === 0 ? undefined : Math.max(...ends),
    disruption: disruptionOf(holds(pod.status?.conditions, 'DisruptionTarget'), first),
    deletedMs: first?.deletion === undefined ? undefined : Date.parse(first.deletion),
    teller: tellerOf(ended, main),
    hasRun: statuses.some((status) => startOf(status) !== undefined),
  };
}

/** A condition that turned False again was taken back: the pod lived on. */
function disruptionOf(last: Condition | undefined, first: FirstSeen | undefined): EndedPod['disruption'] {
  if (last === undefined) return undefined;
  const { reason, at, message } = first?.disruption ?? {
    reason: last.reason ?? 'unknown',
    at: last.lastTransitionTime,
    message: last.message,
  };
  return { reason, atMs: at === undefined ? undefined : Date.parse(at), message };
}

function tellerOf(
  ended: readonly { name: string; terminated: Terminated }[],
  main: string | undefined,
): EndedPod['teller'] {
  const failed = ended.filter(({ terminated }) => terminated.exitCode !== 0);
  const isMain = ({ name }: { name: string }): boolean => name === main;
  return failed.find(isMain) ?? failed[0] ?? ended.find(isMain) ?? ended.at(-1);
}
