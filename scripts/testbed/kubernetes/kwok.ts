import { join } from 'node:path';
import type { Api } from './api.ts';
import type { Binaries } from './build.ts';
import { nodesOf } from './nodes.ts';
import { start } from '../part.ts';
import { kubeconfigOf, type Place } from './place.ts';
import { waitFor } from '../wait-for.ts';

export const stagesFile = join(import.meta.dirname, 'stages.yaml');

/** Starts kwok, which plays the nodes `kwok-0`, `kwok-1`, ... and their pods, as stages.yaml says. Resolves when `count` of them are ready. */
export async function startKwok(place: Place, { kwok }: Binaries, api: Api, count: number): Promise<void> {
  await start(place, {
    name: 'kwok',
    command: [
      kwok,
      `--kubeconfig=${kubeconfigOf(place)}`,
      '--manage-nodes-with-label-selector=type=kwok',
      `--config=${stagesFile}`,
      // Renewed after a quarter of it, which must be well below the node monitor's grace period: with 40 s the nodes flap.
      '--node-lease-duration-seconds=16',
      '--server-address=',
    ],
  });
  const names = Array.from({ length: count }, (_, index) => `kwok-${String(index)}`);
  const there = await nodesOf(api);
  for (const name of names) if (!there.has(name)) await api.create('/api/v1/nodes', fakeNode(name));
  await waitFor(place, 'kwok', 60_000, async () => {
    const nodes = await nodesOf(api);
    const missing = names.find((name) => nodes.get(name) !== true);
    return missing === undefined ? undefined : `node ${missing} is not ready`;
  });
}

/** Tainted, so that only pods come there which tolerate `kwok.x-k8s.io/node`. */
function fakeNode(name: string): unknown {
  const resources = { cpu: '8', memory: '64Gi', pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { type: 'kwok', 'kubernetes.io/hostname': name },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    spec: { taints: [{ key: 'kwok.x-k8s.io/node', value: 'fake', effect: 'NoSchedule' }] },
    status: { capacity: resources, allocatable: resources },
  };
}
