import { downKubernetes } from '../../scripts/testbed/kubernetes/down.ts';
import { isKubernetesUp, prepareKubernetes } from '../../scripts/testbed/kubernetes/up.ts';

/** Brings what the cluster of the tests needs, and takes it down again. The first file that needs it starts it. One that was up before stays so. */
export async function setup(): Promise<() => Promise<unknown>> {
  const wasUp = await isKubernetesUp();
  await prepareKubernetes();
  return () => (wasUp ? Promise.resolve() : downKubernetes());
}
