import { execa } from 'execa';
import type { Testbed } from './up.ts';

/** An object, as far as it matters here. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

/** kubectl, as admin of a cluster. Each call answers what it says. @throws ExecaError */
export class Kubectl {
  readonly #program: string;
  readonly #env: { KUBECONFIG: string };

  constructor({ kubeconfig, kubectl = 'kubectl' }: Pick<Testbed, 'kubeconfig' | 'kubectl'>) {
    this.#program = kubectl;
    this.#env = { KUBECONFIG: kubeconfig };
  }

  async run(...args: string[]): Promise<string> {
    return (await execa(this.#program, args, { env: this.#env, stdin: 'ignore' })).stdout;
  }

  /** Creates objects in a namespace, or changes them. */
  async apply(namespace: string, objects: readonly Manifest[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await execa(this.#program, ['-n', namespace, 'apply', '-f', '-'], { env: this.#env, input });
  }

  /** As a drain does with a pod. */
  async evict(namespace: string, pod: string): Promise<void> {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
    const input = JSON.stringify(eviction);
    await execa(this.#program, ['create', '--raw', path, '-f', '-'], { env: this.#env, input });
  }

  /** Has the cluster remove a namespace with everything in it, pods that wait to be observed too. */
  async removeNamespace(name: string): Promise<void> {
    await this.run('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
    const of = ['-n', name];
    await this.run(...of, 'delete', 'pods', '--all', '--force', '--grace-period=0', '--wait=false');
    const left = (await this.run(...of, 'get', 'pods', '-o', 'name')).split('\n').filter(Boolean);
    const freed = { metadata: { finalizers: null } };
    for (const pod of left)
      await this.run(...of, 'patch', pod, '--type=merge', '-p', JSON.stringify(freed)).catch(() => undefined);
  }
}
