import { label } from '../../activities/backends/labels.ts';
import type { Job, Pod } from '../../activities/backends/kubernetes/objects.ts';
import { result, type Run } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { never } from './backend-harness.ts';
import { Cluster } from './cluster.ts';
import { testNamespace, type TestNamespace } from './kubernetes-cluster.ts';
import { busybox, onKwok, onRealNode } from './kubernetes-harness.ts';
import { until } from './until.ts';

/** Says which attempt it is. The first goes on until it is killed, every other one ends at once. */
export const endsWhenResumed = [
  'echo attempt $RELAUNCH_ATTEMPT resumed $RELAUNCH_RESUMED $WANDB_RESUME',
  '[ $RELAUNCH_ATTEMPT = 1 ] || exit 0',
  'while :; do sleep 0.1; done',
].join('\n');

/** What `endsWhenResumed` says in all when it was interrupted once. */
export const resumedOnce = ['attempt 1 resumed 0', 'attempt 2 resumed 1 allow'];

type Queues = Record<string, Partial<QueueSpecInput>>;

type Manifest = typeof onKwok | typeof onRealNode;

/** Queues of a namespace in the real cluster, and everything of ours that serves them. */
export class KubernetesScene {
  readonly cluster: Cluster;
  readonly namespace: TestNamespace;

  private constructor(cluster: Cluster, namespace: TestNamespace) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  /** Queue `real` has its pods on the real node, queue `kwok` on those that kwok plays; more of them as said. */
  static async start(
    more: Queues | ((namespace: TestNamespace) => Queues) = {},
    options: Parameters<typeof Cluster.start>[1] = {},
  ): Promise<KubernetesScene> {
    const namespace = await testNamespace();
    try {
      const wanted = typeof more === 'function' ? more(namespace) : more;
      const queues = {
        real: { resourceArgs: { kubernetes: onRealNode } },
        kwok: { resourceArgs: { kubernetes: onKwok } },
        ...wanted,
      };
      const common = { backend: 'kubernetes', gracePeriod: '1s' };
      const cluster = await Cluster.start(
        Object.fromEntries(Object.entries(queues).map(([name, queue]) => [name, { ...common, ...queue }])),
        options,
      );
      cluster.env['KUBECONFIG'] = namespace.kubeconfig;
      return new KubernetesScene(cluster, namespace);
    } catch (error) {
      await namespace.cleanup();
      throw error;
    }
  }

  launch(queue: string, script: string, more: Partial<LaunchSpecInput> = {}): Promise<Run> {
    return this.cluster.shell(queue, script, { source: { image: busybox }, ...more });
  }

  /** The pod of an attempt, once its main container runs. */
  running({ id }: Pick<Run, 'id'>, attempt = 1): Promise<Pod> {
    return until(
      `attempt ${String(attempt)} of ${id} runs`,
      async () => {
        const pods = await this.podsOf({ id }, attempt);
        const pod = pods.find(
          ({ metadata, status }) => status?.phase === 'Running' && metadata.deletionTimestamp === undefined,
        );
        if (pod !== undefined) return pod;
        throw new Error(JSON.stringify(pods.map(({ status }) => status)));
      },
      60_000,
    );
  }

  podsOf({ id }: Pick<Run, 'id'>, attempt: number): Promise<Pod[]> {
    return this.namespace.pods(`${label.run}=${id},${label.attempt}=${String(attempt)}`);
  }

  async jobOf({ id }: Pick<Run, 'id'>, attempt = 1): Promise<Job | undefined> {
    return (await this.namespace.jobs()).find(({ metadata }) => metadata.name === `${id}-a${String(attempt)}`);
  }

  /** Makes a pod of kwok's end. */
  endOnKwok(pod: Pod, exit?: number): Promise<void> {
    const code = exit === undefined ? {} : { 'relaunch.test/exit': String(exit) };
    return this.#annotate(pod, { 'relaunch.test/seconds': '0', ...code });
  }

  /** Makes a pod of kwok's one that does not end when it is told to. */
  hangOnKwok(pod: Pod): Promise<void> {
    return this.#annotate(pod, { 'relaunch.test/stuck': '1' });
  }

  async #annotate(pod: Pod, annotations: Record<string, string>): Promise<void> {
    const { admin, name } = this.namespace;
    const path = `/api/v1/namespaces/${name}/pods/${pod.metadata.name}`;
    await admin.send({ method: 'PATCH', path, body: { metadata: { annotations } }, signal: never });
  }

  /** How a run ended, in what all of them are compared by. */
  async end({ workflowId }: Run): Promise<{ state: string; requeues: number; outcomes: string[] }> {
    const { state, requeues, attempts } = await result(this.cluster.relaunch, workflowId);
    return { state, requeues, outcomes: attempts.map(({ outcome }) => wordsOf(outcome)) };
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.namespace.cleanup();
  }
}

function wordsOf(outcome: object | undefined): string {
  const { kind = 'open', reason, cause } = (outcome ?? {}) as { kind?: string; reason?: string; cause?: string };
  return [kind, reason ?? cause].filter((word) => word !== undefined).join(' ');
}

/** A manifest with more in its pods. */
export function withPod(
  manifest: Manifest,
  pod: object,
  container: object = {},
): { kubernetes: Record<string, never> } {
  const { template } = manifest.spec;
  const containers = template.spec.containers.map((one) => ({ ...one, ...container }));
  const spec = { template: { ...template, spec: { ...template.spec, ...pod, containers } } };
  return { kubernetes: { spec } as unknown as Record<string, never> };
}
