import type { Attempt, AttemptRef } from './backend.ts';

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
  /** The id of the Temporal namespace: two installations may share a cluster or an engine, and their entities' names. */
  owner: `${prefix}owner`,
} as const;

export type Labels = Readonly<Record<string, string>>;

/** What an attempt's objects are found by. {@link refOf} reads them. */
export const labelsOf = ({ run, attempt, uid, entity }: AttemptRef, owner: string): Labels => ({
  [label.run]: run,
  [label.attempt]: String(attempt),
  [label.uid]: uid,
  [label.entity]: entity,
  [label.owner]: owner,
});

/** All that an attempt's own object says of it. */
export const allLabelsOf = ({ ref, plan, agent }: Pick<Attempt, 'ref' | 'plan' | 'agent'>, owner: string): Labels => ({
  ...labelsOf(ref, owner),
  [label.queue]: plan.queue,
  [label.agent]: agent,
  ...(plan.sweep === undefined ? {} : { [label.sweep]: plan.sweep }),
});

/** Which attempt an object with these labels belongs to; undefined where it is none of ours. */
export function refOf(labels: Labels | undefined, place?: string): AttemptRef | undefined {
  const { [label.entity]: entity, [label.run]: run, [label.uid]: uid, [label.attempt]: number } = labels ?? {};
  const attempt = Number(number);
  if (entity === undefined || run === undefined || uid === undefined || !Number.isSafeInteger(attempt))
    return undefined;
  return { entity, run, attempt, uid, ...(place === undefined ? {} : { place }) };
}
