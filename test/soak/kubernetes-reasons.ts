import type { Pod } from '../../activities/backends/kubernetes/objects.ts';
import { result, type Run } from '../../client/index.ts';
import { auditLog } from '../support/audit-log.ts';
import { atMost } from '../../activities/at-most.ts';
import { endsWhenResumed } from '../support/kubernetes-scene.ts';
import { addNodes, removeNodes } from '../support/kwok-nodes.ts';
import { until } from '../support/until.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesScenario, KubernetesStage } from './kubernetes-stage.ts';
import { again } from './victim.ts';

export interface ReasonSizes {
  /** Of each of the three reasons that a run is requeued for by default. */
  trials: number;
  /** SIGKILLs of agents meanwhile, at random. */
  kills: number;
}

/** How one reason is provoked: what a trial is submitted as, and what is done to its pod; answers what must be taken back. */
interface Trial {
  reason: string;
  queue: string;
  /** Trials at once. */
  abreast: number;
  disrupt(stage: KubernetesStage, pod: Pod): Promise<() => Promise<void>>;
}

const nothing = (): Promise<void> => Promise.resolve();

const trials: readonly Trial[] = [
  {
    reason: 'EvictionByEvictionAPI',
    queue: 'real',
    abreast: 3,
    disrupt: async ({ disruptions }, pod) => {
      await disruptions.evict(pod);
      return nothing;
    },
  },
  {
    reason: 'PreemptionByScheduler',
    queue: 'bid',
    abreast: 1,
    disrupt: async ({ disruptions }, pod) => disruptions.outbid('6', pod.spec?.nodeName ?? ''),
  },
  {
    reason: 'TerminationByKubelet',
    queue: 'big',
    abreast: 1,
    disrupt: async ({ disruptions }, pod) => disruptions.demandNode('1', pod.spec?.nodeName ?? ''),
  },
];

/** Each default reason, many times over, while the agents are killed: every disruption leads to one requeue, and nothing else does. */
export const reasons: KubernetesScenario<ReasonSizes> = {
  name: 'every preemption, once',
  async play(stage, { trials: count, kills }) {
    const { scene, findings, say } = stage;
    const node = `${scene.namespace.name}-bid`;
    await addNodes(scene.namespace.admin, [node], { pool: scene.namespace.name });
    try {
      const striking = strike(stage, kills);
      for (const trial of trials) {
        const gate = atMost(trial.abreast);
        await Promise.all(Array.from({ length: count }, () => gate(() => play(stage, trial))));
        say(`${trial.reason}: ${String(findings.counts.get(trial.reason) ?? 0)} of ${String(count)}`);
      }
      await striking.over();
    } finally {
      await removeNodes(scene.namespace.admin, [node]);
    }
  },
};

async function play(stage: KubernetesStage, { reason, queue, disrupt }: Trial): Promise<void> {
  const { scene, random } = stage;
  const run = await scene.launch(queue, endsWhenResumed);
  const pod = await scene.running(run);
  await sleep(random.int(0, 1_500));
  const takeBack = await disrupt(stage, pod);
  await until(`${run.id} is requeued`, async () => (await scene.podsOf(run, 1)).length === 0, 180_000);
  await takeBack();
  if (queue === 'bid') await scene.endOnKwok(await scene.running(run, 2));
  await judge(stage, run, reason);
}

async function judge({ scene, findings }: KubernetesStage, run: Run, reason: string): Promise<void> {
  const { state, requeues, attempts } = await result(scene.cluster.relaunch, run.workflowId);
  const [first] = attempts;
  const seen = first?.outcome?.kind === 'preempted' ? first.outcome.reason : JSON.stringify(first?.outcome);
  const good = state === 'succeeded' && requeues === 1 && attempts.length === 2 && seen === reason;
  findings.rule(
    good,
    `${run.id}, ${reason}: ${state}, ${String(requeues)} requeues, ${String(attempts.length)} attempts, ${seen}`,
  );
  if (good) findings.add(reason, 1);
  const created = (await auditLog(scene.namespace)).filter(
    ({ verb, resource, name, code }) =>
      verb === 'create' && resource === 'jobs' && name.startsWith(`${run.id}-a`) && code === 201,
  );
  findings.rule(created.length === 2, `${run.id} had ${String(created.length)} Jobs`);
}

/** Kills agents at random until called over. */
function strike({ agents, random, findings }: KubernetesStage, kills: number): { over(): Promise<void> } {
  const stop = new AbortController();
  const striking = async (): Promise<void> => {
    for (let i = 0; i < kills; i++) {
      await sleep(random.int(5_000, 15_000), undefined, { signal: stop.signal });
      await again(random.pick(agents), random.int(0, 3_000));
      findings.add('agents killed', 1);
    }
  };
  const struck = striking().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    over: () => {
      stop.abort();
      return struck;
    },
  };
}
