import { cancel, preempt, remove, result } from '../../client/index.ts';
import type { Metadata } from '../../activities/backends/kubernetes/objects.ts';
import { atMost } from '../../activities/at-most.ts';
import { never } from '../support/backend-harness.ts';
import { endsWhenResumed } from '../support/kubernetes-scene.ts';
import { untilNone } from '../support/until.ts';
import type { KubernetesScenario, KubernetesStage } from './kubernetes-stage.ts';

export interface KubernetesLeftoverSizes {
  runs: number;
  inFlight: number;
}

/** The ways in which a run may end. */
const stories: Record<string, (stage: KubernetesStage) => Promise<void>> = {
  succeeds: async ({ scene }) => {
    await result(scene.cluster.relaunch, (await scene.launch('real', 'true')).workflowId);
  },
  fails: async ({ scene }) => {
    await result(scene.cluster.relaunch, (await scene.launch('real', 'exit 3')).workflowId);
  },
  'is evicted': async ({ scene, disruptions }) => {
    const run = await scene.launch('real', endsWhenResumed);
    await disruptions.evict(await scene.running(run));
    await result(scene.cluster.relaunch, run.workflowId);
  },
  'is preempted by a person': async ({ scene }) => {
    const run = await scene.launch('real', endsWhenResumed);
    await scene.running(run);
    await preempt(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
    await result(scene.cluster.relaunch, run.workflowId);
  },
  'is cancelled': async ({ scene }) => {
    const run = await scene.launch('kwok', 'none');
    await scene.running(run);
    await cancel(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
    await result(scene.cluster.relaunch, run.workflowId);
  },
  'is cancelled at once': async ({ scene }) => {
    const run = await scene.launch('kwok', 'none');
    await cancel(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
    await result(scene.cluster.relaunch, run.workflowId);
  },
  'is deleted': async ({ scene }) => {
    const run = await scene.launch('kwok', 'none');
    await scene.running(run);
    await remove(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
  },
  'is terminated': async ({ scene }) => {
    const run = await scene.launch('kwok', 'none');
    await scene.running(run);
    await scene.cluster.relaunch.temporal.workflow.getHandle(run.workflowId).terminate();
  },
  'loses its pod': async ({ scene, disruptions }) => {
    const run = await scene.launch('kwok', 'none');
    await disruptions.deletePod(await scene.running(run));
    await result(scene.cluster.relaunch, run.workflowId);
  },
};

const kinds = [
  ...['pods', 'secrets', 'configmaps', 'services', 'persistentvolumeclaims', 'nodes', 'persistentvolumes'].map(
    (kind) => `/api/v1/${kind}`,
  ),
  '/apis/batch/v1/jobs',
  '/apis/policy/v1/poddisruptionbudgets',
  '/apis/rbac.authorization.k8s.io/v1/roles',
];

/** Runs end on every way there is; afterwards every object of the cluster is one that was there before. */
export const kubernetesLeftovers: KubernetesScenario<KubernetesLeftoverSizes> = {
  name: 'leftovers in the cluster',
  async play(stage, { runs, inFlight }) {
    const { findings, random, say } = stage;
    const before = await objectsIn(stage);
    const limited = atMost(inFlight);
    const names = Object.keys(stories);
    await Promise.all(
      random.each(names, runs).map((name) =>
        limited(async () => {
          await stories[name]?.(stage);
          findings.add(name, 1);
        }),
      ),
    );
    say(`${String(runs)} runs have ended`);
    const more = async (): Promise<string[]> => [...(await objectsIn(stage))].filter((object) => !before.has(object));
    // The janitor looks after half a minute, and again after another.
    await untilNone('objects that were not there before', more, 180_000);
    findings.count('objects of the cluster, before and after', before.size);
  },
};

async function objectsIn({ scene }: KubernetesStage): Promise<Set<string>> {
  const { admin } = scene.namespace;
  const lists = await Promise.all(
    kinds.map(async (path) => {
      const { items } = await admin.send<{ items: { metadata: Metadata }[] }>({ method: 'GET', path, signal: never });
      return items.map(({ metadata }) => `${path} ${metadata.namespace ?? ''}/${metadata.name}`);
    }),
  );
  return new Set(lists.flat());
}
