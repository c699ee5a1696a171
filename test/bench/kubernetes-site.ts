import type { KubernetesApi } from '../../activities/backends/kubernetes/api.ts';
import type { Started, Cluster } from '../support/cluster.ts';
import { never } from '../support/backend-harness.ts';
import { testNamespace, type TestNamespace } from '../support/kubernetes-cluster.ts';
import { onKwok } from '../support/kubernetes-harness.ts';
import { until } from '../support/until.ts';
import { withCluster, type Measuring } from './with-cluster.ts';
import { emptyNamespace } from './kubernetes-empty.ts';

/** Where one part measures: everything of ours, and a namespace of the Kubernetes, of its own. */
export interface KubernetesSite {
  cluster: Cluster;
  control: Started;
  namespace: TestNamespace;
  measuring: Measuring;
}

/** Pods run for a second, or until they are told to end. */
export type PodKind = 'brief' | 'endless';

const { template } = onKwok.spec;

/** What the Jobs of each queue start from. */
export const manifests = {
  brief: { spec: { template: { ...template, metadata: { annotations: { 'relaunch.test/seconds': '1' } } } } },
  endless: { spec: { template } },
};

/** Works with a queue of each kind, and leaves nothing. Rejects with the signal's reason. */
export async function withSite<T>(measuring: Measuring, work: (site: KubernetesSite) => Promise<T>): Promise<T> {
  const namespace = await testNamespace();
  try {
    const queues = {
      brief: { backend: 'kubernetes', resourceArgs: { kubernetes: manifests.brief } },
      endless: { backend: 'kubernetes', resourceArgs: { kubernetes: manifests.endless } },
    };
    return await withCluster(queues, measuring, (cluster, control) => {
      cluster.env['KUBECONFIG'] = namespace.kubeconfig;
      return work({ cluster, control, namespace, measuring });
    });
  } finally {
    await remove(namespace);
  }
}

/** An agent of both queues, up and polling. */
export function startAgent({ cluster }: KubernetesSite, maxJobs: number): Promise<Started> {
  return cluster.agent('bench', ['brief', 'endless'], maxJobs);
}

/** With what goes beyond it: its binding, and the time that Kubernetes takes over it. */
async function remove(namespace: TestNamespace): Promise<void> {
  const { testbed, admin, name } = namespace;
  await emptyNamespace(namespace);
  const binding = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/relaunch-agent-nodes-${name}`;
  await admin.find({ method: 'DELETE', path: binding, signal: never });
  await namespace.cleanup();
  await untilGone(admin, name).catch((error: unknown) => {
    throw new Error(`namespace ${name} of ${testbed.kubeconfig} is left`, { cause: error });
  });
}

async function untilGone(admin: KubernetesApi, name: string): Promise<void> {
  const request = { method: 'GET', path: `/api/v1/namespaces/${name}`, signal: never } as const;
  await until(`namespace ${name} is gone`, async () => (await admin.find(request)) === undefined, 120_000, 500);
  admin.close();
}
