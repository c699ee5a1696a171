import { kubernetes, type PartName } from '../../scripts/testbed/kubernetes/place.ts';
import type { Testbed } from '../../scripts/testbed/kubernetes/up.ts';
import { pidOf } from '../../scripts/testbed/part.ts';
import { readPlace } from '../../scripts/testbed/record.ts';
import { cpuMsOf } from './cpu.ts';

/** By process, in ms. */
export type CpuMs = Record<string, number>;

const parts: readonly PartName[] = ['apiserver', 'etcd', 'controller-manager', 'scheduler', 'kwok'];

/** The processes of a control plane; none where it is not ours. */
export async function controlPlanePids({ stateDir }: Testbed): Promise<Record<string, number>> {
  const place = stateDir === undefined ? undefined : await readPlace(kubernetes, stateDir);
  if (place === undefined) return {};
  const found = await Promise.all(parts.map(async (name) => [name, await pidOf(place, name)] as const));
  return Object.fromEntries(found.flatMap(([name, pid]) => (pid === undefined ? [] : [[name, pid]])));
}

/** Answers what processes have used since this call. */
export function cpuSince(pids: Record<string, number | undefined>): () => CpuMs {
  const used = (): CpuMs => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuMsOf(pid)]));
  const before = used();
  return () => Object.fromEntries(Object.entries(used()).map(([name, ms]) => [name, ms - (before[name] ?? NaN)]));
}
