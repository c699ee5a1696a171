import type { ClusterEvent, Job, Node, Pod } from './objects.ts';
import { annotation } from './labels.ts';

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

/** The container that runs the job: as the Job says, else the one named `main`, else the first. */
export function mainOf(job: Job | undefined, pods: readonly Pod[]): string | undefined {
  const containers = pods[0]?.spec?.containers ?? [];
  const said = job?.metadata.annotations?.[annotation.main] ?? pods[0]?.metadata.annotations?.[annotation.main];
  return said ?? containers.find(({ name }) => name === 'main')?.name ?? containers[0]?.name;
}
