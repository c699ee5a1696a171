import { mkdir } from 'node:fs/promises';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { downKubernetes } from '../../scripts/testbed/kubernetes/down.ts';
import { isKubernetesUp, upKubernetes } from '../../scripts/testbed/kubernetes/up.ts';
import { Disruptions } from '../support/disruptions.ts';
import type { TestNamespace } from '../support/kubernetes-cluster.ts';
import { onKwok, onRealNode } from '../support/kubernetes-harness.ts';
import { KubernetesScene, withPod } from '../support/kubernetes-scene.ts';
import { Findings } from './findings.ts';
import { seeded, type Random } from './random.ts';
import { eyesIn } from './scenario.ts';
import { agentVictim, type WorkerVictim } from './victim.ts';

/** Where a scenario on Kubernetes plays: a namespace of the real cluster, and two agents that serve it. */
export interface KubernetesStage {
  scene: KubernetesScene;
  disruptions: Disruptions;
  agents: readonly WorkerVictim[];
  random: Random;
  findings: Findings;
  say(line: string): void;
}

export interface KubernetesScenario<Sizes> {
  name: string;
  play(stage: KubernetesStage, sizes: Sizes): Promise<void>;
}

const queuesIn = ({ name }: TestNamespace): Record<string, Partial<QueueSpecInput>> => ({
  /** On a node of its own, where there is place for one. */
  bid: { resourceArgs: withPod(onKwok, { nodeSelector: { pool: name } }, { resources: { requests: { cpu: '5' } } }) },
  /** Leaves too little of the real node for others. */
  big: { resourceArgs: withPod(onRealNode, {}, { resources: { requests: { cpu: '1500m' } } }) },
  small: {
    resourceArgs: withPod(onRealNode, {}, { resources: { limits: { memory: '64Mi', 'ephemeral-storage': '16Mi' } } }),
  },
  /** Given up soon on a node that is silent. */
  impatient: { resourceArgs: { kubernetes: { ...onRealNode, nodeLossTolerationSeconds: 2 } } },
});

export async function playOnKubernetes<Sizes>(
  scenario: KubernetesScenario<Sizes>,
  sizes: Sizes,
  seed: number,
  say: (line: string) => void,
): Promise<Findings> {
  const findings = new Findings();
  const wasUp = await isKubernetesUp();
  await upKubernetes({ say });
  const scene = await KubernetesScene.start(queuesIn);
  try {
    await mkdir(eyesIn(scene.cluster));
    const queues = ['real', 'kwok', ...Object.keys(queuesIn(scene.namespace))];
    const agents = ['left', 'right'].map((name) => agentVictim(scene.cluster, findings, name, queues, 100));
    await Promise.all(agents.map((agent) => agent.start()));
    const disruptions = new Disruptions(scene.namespace);
    await scenario.play({ scene, disruptions, agents, random: seeded(seed), findings, say }, sizes);
  } catch (error) {
    findings.rule(false, `did not come to its end: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  } finally {
    findings.close();
    await scene.stop();
    if (!wasUp) await downKubernetes({ say });
  }
  return findings;
}
