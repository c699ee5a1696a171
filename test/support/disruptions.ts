import type { Condition, Job, Node, Pod } from '../../activities/backends/kubernetes/objects.ts';
import { StatusError } from '../../activities/backends/kubernetes/status-error.ts';
import { never } from './backend-harness.ts';
import type { TestNamespace } from './kubernetes-cluster.ts';
import { until } from './until.ts';

/** What people and components of a cluster do to pods, done for real. */
export class Disruptions {
  readonly #namespace: TestNamespace;

  constructor(namespace: TestNamespace) {
    this.#namespace = namespace;
  }

  /** As a drain, an autoscaler or a descheduler does. Answers the code: 429 where a disruption budget forbids it. */
  async evict({ metadata: { name } }: Pod): Promise<number> {
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
    try {
      // Its answer 429 says that it is to be tried again, which the client would do.
      await this.#send('POST', `${this.#pods}/${name}/eviction`, body, 0);
      return 201;
    } catch (error) {
      if (error instanceof StatusError) return error.code;
      throw error;
    }
  }

  /** As `kubectl drain` does: nothing new comes to the nodes, and what is there is told to go. */
  async drain(nodes: readonly string[], pods: readonly Pod[]): Promise<void> {
    await Promise.all(
      nodes.map((node) => this.#send('PATCH', `/api/v1/nodes/${node}`, { spec: { unschedulable: true } })),
    );
    await Promise.all(pods.map((pod) => this.evict(pod)));
  }

  async forbidEvictions(labels: Record<string, string>): Promise<() => Promise<void>> {
    const path = `/apis/policy/v1/namespaces/${this.#namespace.name}/poddisruptionbudgets`;
    const spec = { minAvailable: 1, selector: { matchLabels: labels } };
    await this.#send('POST', path, { metadata: { name: 'none' }, spec });
    return () => this.#send('DELETE', `${path}/none`);
  }

  /** A pod of higher priority that wants the place of others on their node. Answers how to take it away. */
  async outbid(cpu: string, node: string): Promise<() => Promise<void>> {
    const name = `relaunch-test-high`;
    const priority = { metadata: { name }, value: 1_000, preemptionPolicy: 'PreemptLowerPriority' };
    await this.#send('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', priority).catch(unlessThere);
    const pod = {
      metadata: { generateName: 'high-' },
      spec: {
        priorityClassName: name,
        restartPolicy: 'Never',
        nodeSelector: { 'kubernetes.io/hostname': node },
        tolerations: [{ key: 'kwok.x-k8s.io/node', operator: 'Exists' }],
        containers: [{ name: 'main', image: 'none', resources: { requests: { cpu } } }],
      },
    };
    // Admission learns of a new class a moment after it was created.
    const { metadata } = await until('a pod of this class', () => this.#answer<Pod>('POST', this.#pods, pod));
    return () => this.#send('DELETE', `${this.#pods}/${metadata.name}`, { gracePeriodSeconds: 0 });
  }

  /** A pod that the node cannot do without, for which its kubelet makes place. */
  async demandNode(cpu: string, node: string): Promise<() => Promise<void>> {
    const { metadata } = await this.#answer<Pod>('POST', '/api/v1/namespaces/kube-system/pods', {
      metadata: { generateName: 'relaunch-test-critical-' },
      spec: {
        priorityClassName: 'system-node-critical',
        nodeName: node,
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image: 'relaunch.test/pause:1', imagePullPolicy: 'Never', resources: { requests: { cpu } } },
        ],
      },
    });
    return () =>
      this.#send('DELETE', `/api/v1/namespaces/kube-system/pods/${metadata.name}`, { gracePeriodSeconds: 0 });
  }

  /** A taint that pods must leave a node for. Answers how to take it back. */
  async taint(node: string): Promise<() => Promise<void>> {
    const path = `/api/v1/nodes/${node}`;
    const { spec } = await this.#answer<{ spec: { taints?: object[] } }>('GET', path);
    const taints = [...(spec.taints ?? []), { key: 'relaunch.test/away', effect: 'NoExecute' }];
    await this.#send('PATCH', path, { spec: { taints } });
    return () => this.#send('PATCH', path, { spec: { taints: spec.taints ?? null } });
  }

  /** Answers how to bring the node back. */
  async removeNode(name: string): Promise<() => Promise<void>> {
    const node = await this.#answer<{ metadata: object; spec: object; status: object }>('GET', `/api/v1/nodes/${name}`);
    await this.#send('DELETE', `/api/v1/nodes/${name}`);
    const { labels, annotations } = node.metadata as Pod['metadata'];
    return () => this.#send('POST', '/api/v1/nodes', { ...node, metadata: { name, labels, annotations } });
  }

  /** The machine of the real node is about to shut down: its kubelet ends its pods and takes no more. Answers how to call it off. */
  async shutDown(node: string): Promise<() => Promise<void>> {
    const { testbed } = this.#namespace;
    const readiness = async (): Promise<Condition | undefined> => {
      const { status } = await this.#answer<Node>('GET', `/api/v1/nodes/${node}`);
      return status?.conditions?.find(({ type }) => type === 'Ready');
    };
    await testbed.announceShutdown(true);
    await until(`${node} shuts down`, async () => (await readiness())?.message?.includes('node is shutting down'));
    return async () => {
      await testbed.announceShutdown(false);
      await until(`${node} is ready`, async () => (await readiness())?.status === 'True');
    };
  }

  async deletePod({ metadata: { name } }: Pod): Promise<void> {
    await this.#send('DELETE', `${this.#pods}/${name}`);
  }

  async deleteJob({ metadata: { name } }: Job): Promise<void> {
    await this.#send('DELETE', `${this.#jobs}/${name}`, { propagationPolicy: 'Background' });
  }

  /** As Kueue does when it takes a Job's place away, and gives it back. */
  async suspend({ metadata: { name } }: Job, suspend: boolean): Promise<void> {
    await this.#send('PATCH', `${this.#jobs}/${name}`, { spec: { suspend } });
  }

  get #pods(): string {
    return `/api/v1/namespaces/${this.#namespace.name}/pods`;
  }

  get #jobs(): string {
    return `/apis/batch/v1/namespaces/${this.#namespace.name}/jobs`;
  }

  async #send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object, patienceMs?: number): Promise<void> {
    const { admin } = this.#namespace;
    await admin.send({ method, path, body, signal: never, ...(patienceMs === undefined ? {} : { patienceMs }) });
  }

  #answer<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    return this.#namespace.admin.send<T>({ method, path, body, signal: never });
  }
}

function unlessThere(error: unknown): void {
  if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
}
