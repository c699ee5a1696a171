import { stringify } from 'yaml';
import type { QueueSpecInput } from '../../../contracts/queue-spec.ts';
import { objectsIn } from './deploy-files.ts';
import type { Doorway } from './doorway.ts';
import type { Kubectl, Manifest } from './kubectl.ts';

export interface AgentsOptions {
  kubectl: Kubectl;
  doorway: Doorway;
  /** Of deploy/agent. */
  image: string;
  /** Where runs have their Jobs. It has the rights of deploy/kubernetes, with those for pull secrets. */
  jobs: string;
  /** In a ConfigMap, and in no store. */
  queues: Readonly<Record<string, QueueSpecInput>>;
  /** Environment of agents and control, and what of it is secret. Pods must reach what it names. */
  settings: Readonly<Record<string, string>>;
  secrets: Readonly<Record<string, string>>;
  /** The agents' file, as far as it does not follow from the others, and what is beside it. */
  file: object;
  beside: Readonly<Record<string, string>>;
  /** Docker's config.json, with the agents' accounts. */
  dockerConfig: string;
}

/** A pod's template, in what is changed of it. */
interface Workload extends Manifest {
  spec: {
    replicas: number;
    template: { spec: { hostAliases?: object[]; containers: { image: string; env: object[] }[] } };
  };
}

const rolloutPatience = '--timeout=180s';

/** Agents and control of deploy/agent in a namespace of their own, which takes only pods that are `restricted`: docs/kubernetes.md, "The agent in the cluster". */
export class AgentsInCluster {
  readonly namespace: string;
  readonly #kubectl: Kubectl;

  private constructor(namespace: string, kubectl: Kubectl) {
    this.namespace = namespace;
    this.#kubectl = kubectl;
  }

  static async start(options: AgentsOptions): Promise<AgentsInCluster> {
    const { kubectl, jobs } = options;
    const namespace = `${jobs}-agents`;
    await kubectl.apply(jobs, rightsOf(namespace));
    await kubectl.apply(namespace, [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      },
      ...settingsOf(options),
      ...(await workloadsOf(options)),
    ]);
    return new AgentsInCluster(namespace, kubectl);
  }

  /** Until all there are are of the newest template, and ready. */
  async untilUp(): Promise<void> {
    await this.#of('rollout', 'status', 'deployment/relaunch-control', rolloutPatience);
    await this.#of('rollout', 'status', 'statefulset/relaunch-agent', rolloutPatience);
  }

  /** Agents, as they are called; so are their pods. */
  async names(): Promise<string[]> {
    const path = 'jsonpath={.items[*].metadata.name}';
    return (await this.#of('get', 'pods', '-l', 'app.kubernetes.io/name=relaunch-agent', '-o', path)).split(' ');
  }

  /** As `kubectl delete pod` does. Resolves when it has ended. */
  async delete(name: string, graceS?: number): Promise<void> {
    await this.#of('delete', 'pod', name, ...(graceS === undefined ? [] : [`--grace-period=${String(graceS)}`]));
  }

  /** Gives the agents another image, one after the other. */
  async roll(image: string): Promise<void> {
    await this.#of('set', 'image', 'statefulset/relaunch-agent', `agent=${image}`);
    await this.untilUp();
  }

  async stop(): Promise<void> {
    await this.#kubectl.removeNamespace(this.namespace);
    await this.#kubectl.run('delete', 'clusterrolebinding', `relaunch-agent-nodes-${this.namespace}`);
  }

  #of(...args: string[]): Promise<string> {
    return this.#kubectl.run('-n', this.namespace, ...args);
  }
}

const rbac = 'rbac.authorization.k8s.io';

/** Where the Jobs are, for agents that are elsewhere. */
function rightsOf(namespace: string): Manifest[] {
  const subjects = [{ kind: 'ServiceAccount', name: 'relaunch-agent', namespace }];
  const bind = (kind: string, name: string, ofKind: string, role: string): Manifest => ({
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: ofKind, name: role },
    subjects,
  });
  return [
    ...['relaunch-agent', 'relaunch-agent-pull-secrets'].map((role) =>
      bind('RoleBinding', `${role}-in-cluster`, 'Role', role),
    ),
    bind('ClusterRoleBinding', `relaunch-agent-nodes-${namespace}`, 'ClusterRole', 'relaunch-agent-nodes'),
  ];
}

function settingsOf({ jobs, queues, settings, secrets, file, beside, dockerConfig }: AgentsOptions): Manifest[] {
  const v1 = (kind: string, name: string, fields: object): Manifest => ({
    ...{ apiVersion: 'v1', kind, metadata: { name } },
    ...fields,
  });
  const agent = { queues: Object.keys(queues), maxJobs: 4, kubernetes: { namespaces: [jobs] }, ...file };
  const files = Object.entries(queues).map(([queue, spec]) => [`${queue}.yaml`, stringify(spec)]);
  return [
    v1('ConfigMap', 'relaunch-settings', { data: settings }),
    v1('ConfigMap', 'relaunch-agent', { data: { 'agent.yaml': stringify(agent), ...beside } }),
    v1('ConfigMap', 'relaunch-queues', { data: Object.fromEntries(files) as Record<string, string> }),
    v1('Secret', 'relaunch', { stringData: secrets }),
    v1('Secret', 'relaunch-registries', {
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': dockerConfig },
    }),
  ];
}

/** There are no Services on the testbed: pods reach its API server through the node, by a name that its certificate has. */
async function workloadsOf({ kubectl, doorway, image }: AgentsOptions): Promise<Manifest[]> {
  const server = await kubectl.run('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}');
  const host = 'kubernetes.default.svc';
  const { port } = new URL(`tcp://${await doorway.to(new URL(server).host)}`);
  const env = Object.entries({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port });
  const objects = [...(await objectsIn('agent/agent.yaml')), ...(await objectsIn('agent/control.yaml'))];
  for (const { kind, spec } of objects.filter(isWorkload)) {
    if (kind === 'Deployment') spec.replicas = 1;
    spec.template.spec.hostAliases = [{ ip: doorway.address, hostnames: [host] }];
    for (const container of spec.template.spec.containers) {
      container.image = image;
      container.env.push(...env.map(([name, value]) => ({ name, value })));
    }
  }
  return objects;
}

const isWorkload = (object: Manifest): object is Workload => ['StatefulSet', 'Deployment'].includes(object.kind);
