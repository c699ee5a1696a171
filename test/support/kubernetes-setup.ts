import { downKubernetes } from '../../scripts/testbed/kubernetes/down.ts';
import { isKubernetesUp, upKubernetes } from '../../scripts/testbed/kubernetes/up.ts';

/** Brings up the cluster of the tests. One that was up before stays so. */
export async function setup(): Promise<() => Promise<unknown>> {
  const wasUp = await isKubernetesUp();
  await upKubernetes();
  return () => (wasUp ? Promise.resolve() : downKubernetes());
}
