import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { parseAllDocuments, stringify } from 'yaml';
import type { Node, Pod } from '../../activities/backends/kubernetes/objects.ts';
import { trafficOf } from '../../client/traffic.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { never } from './backend-harness.ts';
import { testNamespace, type TestNamespace } from './kubernetes-cluster.ts';
import type { KubernetesScene } from './kubernetes-scene.ts';
import { until } from './until.ts';

interface StatefulSet {
  metadata: { generation: number };
  spec: { replicas: number };
  status: {
    observedGeneration?: number;
    availableReplicas?: number;
    updatedReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
  };
}

type Queues = Readonly<Record<string, QueueSpecInput>>;

/** What of deploy/agent's objects is changed here. */
interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec?: {
    minReadySeconds?: number;
    replicas?: number;
    template?: { spec: { hostAliases?: object[]; containers: { image: string; env: object[] }[] } };
  };
}

/** Agents and control of deploy/agent in a namespace of their own, which takes only pods that are `restricted`; they serve queues of a scene. */
export class AgentsInCluster {
  readonly namespace: TestNamespace;
  /** Of the real node, as pods reach it. */
  readonly nodeAddress: string;
  readonly #forwards: Server[] = [];

  private constructor(namespace: TestNamespace, nodeAddress: string) {
    this.namespace = namespace;
    this.nodeAddress = nodeAddress;
  }

  /** `queues`: in a ConfigMap, and in no store. `s3`: the endpoint of the scene's store, from this machine. */
  static async start(
    scene: KubernetesScene,
    image: string,
    { queues, s3 }: { queues: Queues; s3: string },
  ): Promise<AgentsInCluster> {
    const namespace = await testNamespace();
    const made = new AgentsInCluster(namespace, await addressOfNode(namespace));
    await made.#settle(scene, queues, s3);
    await made.#apply(image);
    return made;
  }

  /** What listens on this machine's loopback, for pods: they reach the node, and no loopback. Answers the port there. */
  async forward(port: number): Promise<number> {
    const server = createServer((incoming) => {
      const onward = connect(port, '127.0.0.1');
      incoming.pipe(onward).pipe(incoming);
      incoming.once('error', () => onward.destroy());
      onward.once('error', () => incoming.destroy());
    });
    server.listen(0, this.nodeAddress);
    await once(server, 'listening');
    this.#forwards.push(server);
    return (server.address() as AddressInfo).port;
  }

  /** Heard of by Temporal, each of them, and control. */
  async untilServing({ cluster: { relaunch } }: KubernetesScene, queue: string): Promise<void> {
    const workflowTasks = 1; // TaskQueueType.WORKFLOW
    await until(
      'agents and control poll',
      async () => {
        const { agents } = await trafficOf(relaunch, queue);
        const { pollers } = await relaunch.temporal.workflowService.describeTaskQueue({
          namespace: relaunch.settings.entity,
          taskQueue: { name: controlTaskQueue },
          taskQueueType: workflowTasks,
        });
        return agents.length === 2 && pollers.length > 0;
      },
      120_000,
      500,
    );
  }

  /** Of agents, as they are now. */
  async pods(): Promise<Pod[]> {
    return this.namespace.pods('app.kubernetes.io/name=relaunch-agent');
  }

  /** As `kubectl delete pod` does. Resolves when another of its name runs. */
  async replace({ metadata: { name, uid } }: Pod, gracePeriodSeconds?: number): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace.name}/pods/${name}`;
    await this.namespace.admin.send({ method: 'DELETE', path, body: { gracePeriodSeconds }, signal: never });
    await until(
      `another ${name}`,
      async () =>
        (await this.pods()).some(
          ({ metadata, status }) => metadata.name === name && metadata.uid !== uid && status?.phase === 'Running',
        ),
      60_000,
      200,
    );
  }

  /** As `kubectl rollout restart` does, until it is done. */
  async roll(): Promise<void> {
    const metadata = { annotations: { 'kubectl.kubernetes.io/restartedAt': randomUUID() } };
    await this.namespace.admin.send({
      method: 'PATCH',
      path: this.#set,
      body: { spec: { template: { metadata } } },
      signal: never,
    });
    await this.untilUp();
  }

  /** All there, and of the newest template. */
  async untilUp(): Promise<void> {
    await until(
      'the agents are up',
      async () => {
        const set = await this.namespace.admin.send<StatefulSet>({ method: 'GET', path: this.#set, signal: never });
        const { observedGeneration, availableReplicas, currentRevision, updateRevision } = set.status;
        if (
          observedGeneration === set.metadata.generation &&
          availableReplicas === set.spec.replicas &&
          currentRevision === updateRevision
        )
          return true;
        throw new Error(JSON.stringify([set.status, (await this.pods()).map(({ status }) => status)]));
      },
      120_000,
      500,
    );
  }

  get #set(): string {
    return `/apis/apps/v1/namespaces/${this.namespace.name}/statefulsets/relaunch-agent`;
  }

  async #settle({ cluster, namespace: jobs }: KubernetesScene, queues: Queues, s3: string): Promise<void> {
    const { admin, name } = this.namespace;
    const { temporal, storeUrl } = cluster.relaunch.settings;
    const onNode = async (url: URL): Promise<string> =>
      `${this.nodeAddress}:${String(await this.forward(Number(url.port)))}`;
    const settings = {
      TEMPORAL_ADDRESS: await onNode(new URL(`tcp://${temporal.address}`)),
      TEMPORAL_NAMESPACE: 'default',
      RELAUNCH_STORE: storeUrl,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: `http://${await onNode(new URL(s3))}`,
    };
    const file = { queues: Object.keys(queues), maxJobs: 4, kubernetes: { namespaces: [jobs.name] } };
    await this.namespace.apply('../agent/settings.yaml', (text) =>
      changed(text, (object) => {
        object.data = object.metadata.name === 'relaunch-agent' ? { 'agent.yaml': stringify(file) } : settings;
      }),
    );
    const post = (path: string, body: object): Promise<unknown> =>
      admin.send({ method: 'POST', path, body, signal: never });
    await post(`/api/v1/namespaces/${name}/configmaps`, {
      metadata: { name: 'relaunch-queues' },
      data: Object.fromEntries(Object.entries(queues).map(([queue, spec]) => [`${queue}.yaml`, stringify(spec)])),
    });
    await post(`/api/v1/namespaces/${name}/secrets`, {
      metadata: { name: 'relaunch' },
      stringData: { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'only-for-tests' },
    });
    await post(`/apis/rbac.authorization.k8s.io/v1/namespaces/${jobs.name}/rolebindings`, {
      metadata: { name: 'relaunch-agent-in-cluster' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'relaunch-agent' },
      subjects: [{ kind: 'ServiceAccount', name: 'relaunch-agent', namespace: name }],
    });
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await admin.send({
      method: 'PATCH',
      path: `/api/v1/namespaces/${name}`,
      body: { metadata: { labels } },
      signal: never,
    });
  }

  /** There are no Services on the testbed: pods reach its API server through the node, by a name that its certificate has. */
  async #apply(image: string): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(this.namespace.testbed.kubeconfig);
    const server = new URL(config.getCurrentCluster()?.server ?? '');
    const host = 'kubernetes.default.svc';
    const env = [
      { name: 'KUBERNETES_SERVICE_HOST', value: host },
      { name: 'KUBERNETES_SERVICE_PORT', value: String(await this.forward(Number(server.port))) },
    ];
    const onTestbed = (text: string): string =>
      changed(text, (object) => {
        const { template, minReadySeconds } = object.spec ?? {};
        if (template === undefined || object.spec === undefined) return;
        template.spec.hostAliases = [{ ip: this.nodeAddress, hostnames: [host] }];
        for (const container of template.spec.containers) {
          container.image = image;
          container.env.push(...env);
        }
        if (minReadySeconds !== undefined) object.spec.minReadySeconds = 1;
        if (object.kind === 'Deployment') object.spec.replicas = 1;
      });
    await this.namespace.apply('../agent/agent.yaml', onTestbed);
    await this.namespace.apply('../agent/control.yaml', onTestbed);
  }

  async stop(): Promise<void> {
    await this.namespace.cleanup();
    for (const server of this.#forwards) server.close();
  }
}

async function addressOfNode({ admin }: TestNamespace): Promise<string> {
  const nodes = await admin.send<{ items: (Node & { status: { addresses?: { type: string; address: string }[] } })[] }>(
    {
      method: 'GET',
      path: '/api/v1/nodes',
      query: { labelSelector: 'type!=kwok' },
      signal: never,
    },
  );
  const found = nodes.items[0]?.status.addresses?.find(({ type }) => type === 'InternalIP');
  if (found === undefined) throw new Error('the real node has no address');
  return found.address;
}

/** The documents of a file, each with a change. */
function changed(text: string, change: (object: Manifest) => void): string {
  return parseAllDocuments(text)
    .map((document) => {
      const object = document.toJS() as Manifest;
      change(object);
      return stringify(object);
    })
    .join('---\n');
}
