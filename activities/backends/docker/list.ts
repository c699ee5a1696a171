import type { AttemptRef, Listed } from '../backend.ts';
import { label, refOf, type Labels } from '../labels.ts';
import { checkpointLabel } from './checkpoints.ts';
import { noteLabel } from './notes.ts';
import type { ListedContainer, Volume } from './objects.ts';
import type { DockerSite } from './site.ts';

/** The attempts of an agent on this engine, and of none; see Backend.list. One that has not started is not live: its submit still has its permit. */
export async function listAttempts(site: DockerSite, agent: string, signal: AbortSignal): Promise<Listed[]> {
  const [containers, notes] = await Promise.all([
    listContainers(site, {}, signal),
    listVolumes(site, noteLabel.kind, signal),
  ]);
  const found = new Map<string, Listed>();
  for (const { Labels: labels } of notes) {
    const ref = refIn(labels, agent);
    if (ref !== undefined) found.set(ref.uid, { ref, live: false });
  }
  for (const { Labels: labels, State, Created } of containers) {
    const ref = refIn(labels, agent);
    if (ref === undefined) continue;
    const isLive = State !== 'created' && State !== 'exited' && State !== 'dead';
    // Beside its container there may be one that a submit has left before it had a name.
    const live = isLive || found.get(ref.uid)?.live === true;
    found.set(ref.uid, { ref, live, since: new Date(Created * 1_000).toISOString() });
  }
  return [...found.values()];
}

/** The runs of an entity that have a checkpoint volume here; see Backend.keeps. */
export async function keptRuns(site: DockerSite, entity: string, signal: AbortSignal): Promise<string[]> {
  const volumes = await listVolumes(site, checkpointLabel, signal);
  return volumes.flatMap(({ Labels: labels }) => {
    const run = labels?.[label.run];
    return labels?.[label.entity] === entity && run !== undefined ? [run] : [];
  });
}

/** All that are ours and have these labels besides. */
export function listContainers(
  { engine, owner }: DockerSite,
  labels: Labels,
  signal: AbortSignal,
): Promise<ListedContainer[]> {
  const filters = {
    label: Object.entries({ ...labels, [label.owner]: owner }).map(([key, value]) => `${key}=${value}`),
  };
  return engine.send({
    method: 'GET',
    path: '/containers/json',
    query: { all: '1', filters: JSON.stringify(filters) },
    signal,
  });
}

/** All that are ours and have this label besides, `name` or `name=value`. */
export async function listVolumes(
  { engine, owner }: DockerSite,
  labelled: string,
  signal: AbortSignal,
): Promise<Volume[]> {
  const filters = JSON.stringify({ label: [`${label.owner}=${owner}`, labelled] });
  const path = '/volumes';
  const { Volumes } = await engine.send<{ Volumes: Volume[] | null }>({
    method: 'GET',
    path,
    query: { filters },
    signal,
  });
  return Volumes ?? [];
}

function refIn(labels: Labels | null, agent: string): AttemptRef | undefined {
  return [agent, ''].includes(labels?.[label.agent] ?? '?') ? refOf(labels ?? undefined) : undefined;
}
