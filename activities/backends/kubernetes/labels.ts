import type { AttemptRef } from '../backend.ts';
import type { Metadata } from './objects.ts';

const prefix = 'relaunch.dev/';

/** On everything that we create: whose it is, and which attempt of what. */
export const label = {
  run: `${prefix}run`,
  attempt: `${prefix}attempt`,
  uid: `${prefix}attempt-uid`,
  queue: `${prefix}queue`,
  agent: `${prefix}agent`,
  entity: `${prefix}entity`,
  sweep: `${prefix}sweep`,
  /** The id of the Temporal namespace: two installations may share a cluster and their entities' names. */
  owner: `${prefix}owner`,
} as const;

export const annotation = {
  /** The container that runs the job, of several. */
  main: `${prefix}main-container`,
  /** Somebody asked for its end: nothing of it may start any more. */
  stopped: `${prefix}stopped`,
} as const;

/** In every pod: keeps its last state readable, also after a deletion, until we have recorded it. */
export const finalizer = `${prefix}observed`;

/** What an attempt's objects are found by. {@link refOf} reads them. */
export const labelsOf = ({ run, attempt, uid, entity }: AttemptRef, owner: string): Record<string, string> => ({
  [label.run]: run,
  [label.attempt]: String(attempt),
  [label.uid]: uid,
  [label.entity]: entity,
  [label.owner]: owner,
});

/** Which attempt an object belongs to; undefined where it is none of ours. */
export function refOf({ labels = {} }: Metadata, place: string): AttemptRef | undefined {
  const { [label.entity]: entity, [label.run]: run, [label.uid]: uid } = labels;
  const attempt = Number(labels[label.attempt]);
  if (entity === undefined || run === undefined || uid === undefined || !Number.isSafeInteger(attempt))
    return undefined;
  return { entity, run, attempt, uid, place };
}

export const uidOf = ({ labels }: Metadata): string | undefined => labels?.[label.uid];
