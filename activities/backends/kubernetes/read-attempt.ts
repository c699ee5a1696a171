import { RelaunchError } from '../../../contracts/failures.ts';
import { attemptName } from '../../../contracts/names.ts';
import type { AttemptRef } from '../backend.ts';
import { label } from '../labels.ts';
import { uidOf } from './labels.ts';
import type { ClusterEvent, Job, Node, Pod } from './objects.ts';
import { nodesInDoubt } from './node-loss.ts';
import type { Place, Seen } from './place.ts';
import type { Snapshot } from './snapshot.ts';

/** A read of the API server itself: what it said then was so. */
export async function readAttempt(
  place: Place,
  ref: AttemptRef,
  signal: AbortSignal,
  patienceMs?: number,
): Promise<Seen> {
  const job = await findJob(place, ref, signal, patienceMs);
  const { items: pods } = await place.api.send<{ items: Pod[] }>({
    method: 'GET',
    path: place.path('pods'),
    query: { labelSelector: `${label.uid}=${ref.uid}` },
    signal,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  return { job, pods };
}

/** The Job, if there is one, whoever's. */
export function findJob(
  place: Place,
  ref: AttemptRef,
  signal: AbortSignal,
  patienceMs?: number,
): Promise<Job | undefined> {
  const more = patienceMs === undefined ? {} : { patienceMs };
  return place.api.find<Job>({ method: 'GET', path: place.path('jobs', nameOf(ref)), signal, ...more });
}

export const nameOf = ({ run, attempt }: AttemptRef): string => attemptName(run, attempt);

export const isOurs = (job: Job, ref: AttemptRef): boolean => uidOf(job.metadata) === ref.uid;

/** @throws RelaunchError AttemptRefused where the name is taken by something else */
export function checkOurs(job: Job | undefined, ref: AttemptRef, place: Place): void {
  if (job === undefined || isOurs(job, ref)) return;
  const whose = job.metadata.labels?.[label.run] === undefined ? 'is not ours' : 'belongs to another run';
  throw new RelaunchError(
    'AttemptRefused',
    `Job ${nameOf(ref)} in namespace ${place.namespace} ${whose}: delete it, or choose another workflow id`,
  );
}

/** What was said of an attempt's Job and its pods, the oldest first. `pods`: undefined where they are gone, and not even their names are known. */
export async function eventsOf(
  place: Place,
  ref: AttemptRef,
  pods: readonly Pod[] | undefined,
  signal: AbortSignal,
): Promise<ClusterEvent[]> {
  const job = nameOf(ref);
  const names = pods === undefined ? [undefined] : [job, ...pods.map(({ metadata }) => metadata.name)];
  const lists = await Promise.all(names.map((name) => listEvents(place, name, signal)));
  return lists
    .flat()
    .filter(({ involvedObject }) => involvedObject?.name === job || involvedObject?.name?.startsWith(`${job}-`))
    .sort((a, b) => timeOf(a) - timeOf(b));
}

async function listEvents(place: Place, of: string | undefined, signal: AbortSignal): Promise<ClusterEvent[]> {
  const query = { fieldSelector: of === undefined ? undefined : `involvedObject.name=${of}` };
  const path = place.path('events');
  return (await place.api.send<{ items: ClusterEvent[] }>({ method: 'GET', path, query, signal })).items;
}

export const timeOf = ({ lastTimestamp, eventTime, firstTimestamp }: ClusterEvent): number =>
  Date.parse(lastTimestamp ?? eventTime ?? firstTimestamp ?? '') || 0;

/** The nodes of pods that should have ended by now, by name; null: there is none of this name any more. */
export async function readNodes(
  place: Place,
  snapshot: Pick<Snapshot, 'pods' | 'at'>,
  signal: AbortSignal,
): Promise<Record<string, Node | null>> {
  const names = [...new Set(nodesInDoubt(snapshot))];
  const found = names.map(async (name) => {
    const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
    return [name, (await place.api.find<Node>({ method: 'GET', path, signal })) ?? null] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}
