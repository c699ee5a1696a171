import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { KubernetesApi } from '../../activities/backends/kubernetes/api.ts';
import type { Job, Pod } from '../../activities/backends/kubernetes/objects.ts';
import { upKubernetes, type Testbed } from '../../scripts/testbed/kubernetes/up.ts';
import { never } from './backend-harness.ts';
import { until } from './until.ts';

/** A namespace of a real cluster, and an agent's rights in it: those of deploy/, and no others. */
export interface TestNamespace {
  testbed: Testbed;
  /** As admin. */
  admin: KubernetesApi;
  name: string;
  /** The agent's: a service account with the rights of deploy/kubernetes. */
  kubeconfig: string;
  pods(selector?: string): Promise<Pod[]>;
  jobs(): Promise<Job[]>;
  /** Applies a file of deploy/, by default of deploy/kubernetes, as an admin would who changes it first. */
  apply(file: string, change?: (text: string) => string): Promise<void>;
  /** Ends and removes everything in it, finalizers too. */
  cleanup(): Promise<void>;
}

/** The cluster that the tests' set-up has brought up. */
export async function testNamespace(): Promise<TestNamespace> {
  const testbed = await upKubernetes({ say: () => undefined });
  const config = new KubeConfig();
  config.loadFromFile(testbed.kubeconfig);
  const server = config.getCurrentCluster()?.server ?? '';
  const admin = new KubernetesApi(config, server);
  const name = `relaunch-test-${randomUUID().slice(0, 8)}`;
  await admin.send({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } }, signal: never });
  await grantRights(admin, name);
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-kubeconfig-'));
  const kubeconfig = join(directory, 'agent.kubeconfig');
  await writeFile(kubeconfig, await agentConfig(admin, config, name), { mode: 0o600 });
  const list = async <T>(path: string, labelSelector?: string): Promise<T[]> =>
    (await admin.send<{ items: T[] }>({ method: 'GET', path, query: { labelSelector }, signal: never })).items;
  const [podsPath, jobsPath] = [`/api/v1/namespaces/${name}/pods`, `/apis/batch/v1/namespaces/${name}/jobs`];
  const made: TestNamespace = {
    testbed,
    admin,
    name,
    kubeconfig,
    pods: (selector) => list<Pod>(podsPath, selector),
    jobs: () => list<Job>(jobsPath),
    apply: (file, change) => apply(admin, name, file, change),
    cleanup: async () => {
      for (const job of await made.jobs()) await remove(admin, `${jobsPath}/${job.metadata.name}`);
      for (const pod of await made.pods()) {
        const body = { metadata: { finalizers: null } };
        await admin.find({ method: 'PATCH', path: `${podsPath}/${pod.metadata.name}`, body, signal: never });
        await remove(admin, `${podsPath}/${pod.metadata.name}`);
      }
      await remove(admin, `/api/v1/namespaces/${name}`);
      await remove(admin, `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/relaunch-agent-nodes-${name}`);
      admin.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return made;
}

async function remove(admin: KubernetesApi, path: string): Promise<void> {
  const body = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };
  await admin.find({ method: 'DELETE', path, body, signal: never });
}

async function grantRights(admin: KubernetesApi, namespace: string): Promise<void> {
  await apply(admin, namespace, 'agent-role.yaml');
  await apply(admin, namespace, 'agent-nodes.yaml');
  const binding = {
    kind: 'ClusterRoleBinding',
    metadata: { name: `relaunch-agent-nodes-${namespace}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'relaunch-agent-nodes' },
    subjects: [{ kind: 'ServiceAccount', name: 'relaunch-agent', namespace }],
  };
  await create(admin, binding, namespace);
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  await until(
    'the default service account',
    async () => (await admin.find({ method: 'GET', path: account, signal: never })) !== undefined,
  );
}

async function apply(
  admin: KubernetesApi,
  namespace: string,
  file: string,
  change = (text: string): string => text,
): Promise<void> {
  const path = fileURLToPath(new URL(file, new URL('../../deploy/kubernetes/', import.meta.url)));
  for (const document of parseAllDocuments(change(await readFile(path, 'utf8'))))
    await create(admin, document.toJS() as Manifest, namespace);
}

interface Manifest {
  kind: string;
  metadata: { name: string };
}

const collections = new Map<string, (namespace: string) => string>([
  ['ServiceAccount', (namespace) => `/api/v1/namespaces/${namespace}/serviceaccounts`],
  ['Role', (namespace) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`],
  ['RoleBinding', (namespace) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`],
  ['ConfigMap', (namespace) => `/api/v1/namespaces/${namespace}/configmaps`],
  ['StatefulSet', (namespace) => `/apis/apps/v1/namespaces/${namespace}/statefulsets`],
  ['Deployment', (namespace) => `/apis/apps/v1/namespaces/${namespace}/deployments`],
  ['PodDisruptionBudget', (namespace) => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`],
  ['ClusterRole', () => '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
  ['ClusterRoleBinding', () => '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
]);

async function create(admin: KubernetesApi, object: Manifest, namespace: string): Promise<void> {
  const path = collections.get(object.kind)?.(namespace);
  if (path === undefined) throw new Error(`no way to create a ${object.kind}`);
  await admin.send({ method: 'POST', path, body: object, signal: never }).catch((error: unknown) => {
    if (!String(error).includes('already exists')) throw error;
  });
}

async function agentConfig(admin: KubernetesApi, config: KubeConfig, namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/relaunch-agent/token`;
  const { status } = await admin.send<{ status: { token: string } }>({
    method: 'POST',
    path,
    body: { spec: { expirationSeconds: 7_200 } },
    signal: never,
  });
  const agent = new KubeConfig();
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig of the tests has no cluster');
  agent.loadFromOptions({
    clusters: [cluster],
    users: [{ name: 'agent', token: status.token }],
    contexts: [{ name: 'agent', cluster: cluster.name, user: 'agent', namespace }],
    currentContext: 'agent',
  });
  return agent.exportConfig();
}
