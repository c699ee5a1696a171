import type { Observation } from '../../../contracts/messages.ts';
import { mainOf } from './snapshot.ts';
import { isStopped } from './job-state.ts';
import { startOf, statusesOf, type ContainerStatus, type Pod } from './objects.ts';
import type { Seen } from './place.ts';

type Phase = Omit<Observation, 'attempt'>;

const longestWhy = 1_000;

/** Where an attempt is on its way; of several pods the first that runs says so for all. `events`: why a pod waits, where the pod itself does not tell. */
export function phaseOf({ job, pods }: Seen, why?: string): Phase {
  const living = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const main = mainOf(job, pods);
  const running = (living.length > 0 ? living : pods).find((pod) => startedAt(mainStatus(pod, main)) !== undefined);
  if (running !== undefined) {
    const status = mainStatus(running, main);
    return {
      phase: 'running',
      ...given('node', running.spec?.nodeName),
      ...given('image', status?.image?.slice(0, longestWhy)),
      ...given('at', startedAt(status)),
    };
  }
  if (job?.spec?.suspend === true && !isStopped(job)) return { phase: 'waiting', why: 'its Job is suspended' };
  const waiting = living.find((pod) => scheduled(pod)?.status !== 'True');
  if (living.length === 0) return { phase: 'waiting', ...given('why', why) };
  if (waiting !== undefined) {
    const words = [scheduled(waiting)?.message, why].filter((text) => text !== undefined && text !== '').join('; ');
    return { phase: 'waiting', ...given('why', words.slice(0, longestWhy) || undefined) };
  }
  return { phase: 'starting', ...given('node', living[0]?.spec?.nodeName), ...given('why', startingWhy(living)) };
}

/** Since when a pod has had no node. */
export function unscheduledSince({ pods }: Seen): string | undefined {
  const pod = pods.find((one) => scheduled(one)?.status === 'False' && one.metadata.deletionTimestamp === undefined);
  return pod === undefined ? undefined : scheduled(pod)?.lastTransitionTime;
}

const scheduled = ({ status }: Pod) => status?.conditions?.find(({ type }) => type === 'PodScheduled');

const mainStatus = (pod: Pod, main: string | undefined): ContainerStatus | undefined =>
  pod.status?.containerStatuses?.find(({ name }) => name === main);

const startedAt = (status: ContainerStatus | undefined): string | undefined =>
  status === undefined ? undefined : startOf(status);

/** What the kubelet says, but for what it says of every pod. */
function startingWhy(pods: readonly Pod[]): string | undefined {
  const waits = pods.flatMap(statusesOf).flatMap(({ state }) => (state?.waiting === undefined ? [] : [state.waiting]));
  const odd = waits.find(({ reason }) => reason !== 'ContainerCreating' && reason !== 'PodInitializing');
  if (odd === undefined) return undefined;
  return [odd.reason, odd.message]
    .filter((text) => text !== undefined)
    .join(': ')
    .slice(0, longestWhy);
}

const given = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<K, string>>;
