import { readFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesApi } from '../../activities/backends/kubernetes/api.ts';
import type { Metadata } from '../../activities/backends/kubernetes/objects.ts';
import { downKubernetes } from '../../scripts/testbed/kubernetes/down.ts';
import { isKubernetesUp, upKubernetes, type Testbed } from '../../scripts/testbed/kubernetes/up.ts';
import { never } from '../support/backend-harness.ts';
import type { Measuring } from './with-cluster.ts';

/** What figures of a cluster are worth nothing without. */
export interface KubernetesFacts {
  version: string;
  /** Of what plays the nodes, where the cluster is ours. */
  kwok?: string;
  /** How many of those there are. */
  nodes: number;
}

const mostNodes = 20;
const nodesPath = '/api/v1/nodes';

/** Works with a Kubernetes whose nodes kwok plays, and leaves it as it was: one that was up stays up, with the nodes that it had. */
export async function withTestbed<T>(
  { say }: Measuring,
  work: (facts: KubernetesFacts, testbed: Testbed) => Promise<T>,
): Promise<T> {
  const wasUp = await isKubernetesUp();
  const had = wasUp ? await nodeNames(await upKubernetes({ say, kwokNodes: 0 })) : [];
  let testbed: Testbed | undefined;
  try {
    testbed = await upKubernetes({ say, kwokNodes: mostNodes });
    return await work(await factsOf(testbed), testbed);
  } finally {
    if (!wasUp) await downKubernetes({ say });
    else if (testbed !== undefined) await removeNodesBut(testbed, had);
  }
}

async function factsOf(testbed: Testbed): Promise<KubernetesFacts> {
  const nodes = (await nodeNames(testbed)).length;
  if (nodes === 0) throw new Error('no node of the cluster is played by kwok (label type=kwok): nothing would run');
  const { gitVersion } = await asAdmin(testbed, (admin) =>
    admin.send<{ gitVersion: string }>({ method: 'GET', path: '/version', signal: never }),
  );
  return { version: gitVersion, nodes, ...(testbed.stateDir === undefined ? {} : { kwok: await kwokVersion() }) };
}

async function kwokVersion(): Promise<string> {
  const file = new URL('../../scripts/testbed/modules/kwok/go.mod', import.meta.url);
  return /sigs\.k8s\.io\/kwok (v\S+)/.exec(await readFile(file, 'utf8'))?.[1] ?? 'unknown';
}

function nodeNames(testbed: Testbed): Promise<string[]> {
  return asAdmin(testbed, async (admin) => {
    const query = { labelSelector: 'type=kwok' };
    const { items } = await admin.send<{ items: { metadata: Metadata }[] }>({
      ...{ method: 'GET', path: nodesPath, query, signal: never },
    });
    return items.map(({ metadata }) => metadata.name);
  });
}

async function removeNodesBut(testbed: Testbed, had: readonly string[]): Promise<void> {
  // Only ours: others may have brought nodes of theirs meanwhile.
  const added = (await nodeNames(testbed)).filter((name) => /^kwok-\d+$/.test(name) && !had.includes(name));
  await asAdmin(testbed, (admin) =>
    Promise.all(added.map((name) => admin.find({ method: 'DELETE', path: `${nodesPath}/${name}`, signal: never }))),
  );
}

async function asAdmin<T>({ kubeconfig }: Testbed, work: (admin: KubernetesApi) => Promise<T>): Promise<T> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const admin = new KubernetesApi(config, config.getCurrentCluster()?.server ?? '');
  try {
    return await work(admin);
  } finally {
    admin.close();
  }
}
