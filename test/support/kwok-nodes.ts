import type { KubernetesApi } from '../../activities/backends/kubernetes/api.ts';
import { never } from './backend-harness.ts';

const path = '/api/v1/nodes';

/** Nodes that kwok plays, with labels of their own: a pool that a test lets come and go. */
export async function addNodes(
  admin: KubernetesApi,
  names: readonly string[],
  labels: Record<string, string>,
): Promise<void> {
  await Promise.all(
    names.map((name) => {
      const capacity = { cpu: '8', memory: '32Gi', pods: '110' };
      const body = {
        metadata: {
          name,
          labels: { type: 'kwok', 'kubernetes.io/hostname': name, ...labels },
          annotations: { 'kwok.x-k8s.io/node': 'fake' },
        },
        spec: { taints: [{ key: 'kwok.x-k8s.io/node', value: 'fake', effect: 'NoSchedule' }] },
        status: { capacity, allocatable: capacity },
      };
      return admin.send({ method: 'POST', path, body, signal: never });
    }),
  );
}

export async function removeNodes(admin: KubernetesApi, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => admin.find({ method: 'DELETE', path: `${path}/${name}`, signal: never })));
}
