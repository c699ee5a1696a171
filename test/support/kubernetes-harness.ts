import { randomUUID } from 'node:crypto';
import type { Attempt } from '../../activities/backends/backend.ts';
import { label } from '../../activities/backends/labels.ts';
import { isTerminal } from '../../activities/backends/kubernetes/objects.ts';
import { createKubernetesBackend } from '../../activities/backends/kubernetes/kubernetes-backend.ts';
import type { BackendHarness } from './backend-harness.ts';
import { testNamespace, type TestNamespace } from './kubernetes-cluster.ts';
import { attemptOf } from './process-attempts.ts';

/** The image that the testbed has on its real node: a shell and its tools. */
export const busybox = 'relaunch.test/busybox:1';

/** What jobs on the real node start from. */
export const onRealNode = {
  spec: { template: { spec: { containers: [{ name: 'main', imagePullPolicy: 'Never' }] } } },
};

/** On nodes that kwok plays. */
export const onKwok = {
  spec: {
    template: {
      spec: {
        nodeSelector: { type: 'kwok' },
        tolerations: [{ key: 'kwok.x-k8s.io/node', operator: 'Exists' }],
        containers: [{ name: 'main', resources: { requests: { cpu: '100m' } } }],
      },
    },
  },
};

export interface KubernetesHarness extends BackendHarness {
  namespace: TestNamespace;
  attempt(
    options: Parameters<BackendHarness['attempt']>[0] & { resourceArgs?: Attempt['plan']['resourceArgs'] },
  ): Attempt;
}

/** A backend over a namespace of its own in the real cluster, with the rights of deploy/kubernetes. `through`: answers another way there. */
export async function kubernetesHarness(
  through: (kubeconfig: string) => Promise<string> = (kubeconfig) => Promise.resolve(kubeconfig),
): Promise<KubernetesHarness> {
  const namespace = await testNamespace();
  const kubeconfig = await through(namespace.kubeconfig);
  const backend = createKubernetesBackend({ kubeconfig, owner: randomUUID() });
  return {
    namespace,
    backend,
    mergesStreams: true,
    isInit: true,
    attempt: ({ resourceArgs = onRealNode, ...options }) => {
      const made = attemptOf(options);
      const plan = { ...made.plan, backend: 'kubernetes', source: { image: busybox }, resourceArgs };
      return { ...made, plan, ref: { ...made.ref, place: backend.placeOf(resourceArgs) ?? '' } };
    },
    countAlive: async ({ uid }) =>
      (await namespace.pods(`${label.uid}=${uid}`)).filter((pod) => !isTerminal(pod)).length,
    cleanup: async () => {
      backend.close();
      await namespace.cleanup();
    },
  };
}
