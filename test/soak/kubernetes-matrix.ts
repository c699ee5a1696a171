import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { holds, type Node, type Pod } from '../../activities/backends/kubernetes/objects.ts';
import type { Run } from '../../client/index.ts';
import { upKubernetes } from '../../scripts/testbed/kubernetes/up.ts';
import { never } from '../support/backend-harness.ts';
import { endsWhenResumed } from '../support/kubernetes-scene.ts';
import { until } from '../support/until.ts';
import type { KubernetesScenario, KubernetesStage } from './kubernetes-stage.ts';

export interface MatrixSizes {
  /** How often each. */
  rounds: number;
}

type Ended = Awaited<ReturnType<KubernetesStage['scene']['end']>>;

/** Something that happens to a pod of the real node, and how its run has to end. */
interface Case {
  name: string;
  play(stage: KubernetesStage): Promise<Run>;
  ends: Ended;
}

const failed = (outcome: string): Ended => ({ state: 'failed', requeues: 0, outcomes: [outcome] });
const requeued = (outcome: string): Ended => ({ state: 'succeeded', requeues: 1, outcomes: [outcome, 'succeeded'] });

/** The first attempt fills memory, or a file; every other one ends at once. */
const firstOnly = (script: string): string => `[ $RELAUNCH_ATTEMPT = 1 ] || exit 0\n${script}`;

const cases: readonly Case[] = [
  {
    name: 'the node runs out of memory',
    ends: requeued('preempted TerminationByKubelet'),
    // The kubelet looks every ten seconds.
    play: ({ scene }) => scene.launch('real', firstOnly('dd if=/dev/zero of=/dev/null bs=1900M count=1000')),
  },
  {
    name: 'a pod uses more disk than its limit',
    ends: failed('failed storage-limit'),
    play: ({ scene }) => scene.launch('small', 'dd if=/dev/zero of=/tmp/file bs=1M count=64; sleep 120'),
  },
  {
    name: 'a container uses more memory than its limit',
    ends: failed('failed out-of-memory'),
    play: ({ scene }) => scene.launch('small', 'exec dd if=/dev/zero of=/dev/null bs=200M count=1'),
  },
  {
    name: 'the runtime, its shim and the container are killed',
    ends: { state: 'succeeded', requeues: 0, outcomes: ['lost runtime-restart', 'succeeded'] },
    play: async ({ scene }) => {
      const { testbed } = scene.namespace;
      const run = await scene.launch('real', endsWhenResumed);
      await scene.running(run);
      const pids = await containerOf(run);
      await testbed.kill('kubelet');
      await testbed.kill('containerd');
      for (const pid of pids) killIfThere(pid);
      await upKubernetes({ say: () => undefined });
      return run;
    },
  },
  {
    name: 'the kubelet is silent for good',
    ends: failed('lost node-lost'),
    play: async (stage) => {
      const { scene } = stage;
      const run = await scene.launch('impatient', endsWhenResumed);
      const pod = await scene.running(run);
      await scene.namespace.testbed.kill('kubelet');
      const ended = scene.end(run);
      await until('its node is not ready', async () => !(await isReady(stage, pod)), 60_000);
      await ended;
      await upKubernetes({ say: () => undefined });
      await until('its node is ready', () => isReady(stage, pod), 60_000);
      return run;
    },
  },
  {
    name: 'the node shuts down and comes back',
    ends: requeued('preempted TerminationByKubelet'),
    play: async ({ scene, disruptions }) => {
      const run = await scene.launch('real', endsWhenResumed);
      const callOff = await disruptions.shutDown((await scene.running(run)).spec?.nodeName ?? '');
      await until('its pod has ended', async () => (await scene.podsOf(run, 1)).length === 0);
      await callOff();
      return run;
    },
  },
  {
    name: 'somebody deletes the pod',
    ends: failed('lost deleted-externally'),
    play: async ({ scene, disruptions }) => {
      const run = await scene.launch('real', endsWhenResumed);
      await disruptions.deletePod(await scene.running(run));
      return run;
    },
  },
  {
    name: 'somebody deletes the Job',
    ends: failed('lost deleted-externally'),
    play: async ({ scene, disruptions }) => {
      const run = await scene.launch('real', endsWhenResumed);
      await scene.running(run);
      const job = await scene.jobOf(run);
      if (job !== undefined) await disruptions.deleteJob(job);
      return run;
    },
  },
  {
    name: 'the pod must leave a tainted node',
    ends: failed('preempted DeletionByTaintManager'),
    play: async ({ scene, disruptions }) => {
      const run = await scene.launch('real', endsWhenResumed);
      const takeBack = await disruptions.taint((await scene.running(run)).spec?.nodeName ?? '');
      await scene.end(run);
      await takeBack();
      return run;
    },
  },
  {
    name: 'the Job is suspended and goes on',
    ends: { state: 'succeeded', requeues: 0, outcomes: ['succeeded'] },
    play: async ({ scene, disruptions }) => {
      const run = await scene.launch('kwok', 'none');
      await scene.running(run);
      const job = await scene.jobOf(run);
      if (job === undefined) throw new Error('it has no Job');
      await disruptions.suspend(job, true);
      await until('its pod is gone', async () => (await scene.podsOf(run, 1)).length === 0);
      await disruptions.suspend(job, false);
      await scene.endOnKwok(await scene.running(run));
      return run;
    },
  },
  {
    name: 'the job fails with exit code 137 by itself',
    ends: failed('failed exit-code'),
    play: ({ scene }) => scene.launch('real', 'exit 137'),
  },
  {
    name: 'the job ends with exit code 0 at SIGTERM',
    ends: { state: 'succeeded', requeues: 0, outcomes: ['succeeded'] },
    play: async ({ scene, disruptions }) => {
      const run = await scene.launch('real', `trap 'exit 0' TERM; while :; do sleep 0.1; done`);
      const pod = await scene.running(run);
      await sleep(1_000);
      await disruptions.evict(pod);
      return run;
    },
  },
];

/** What may happen to a pod, each for real: the right cause, requeued or not as the policy says, and nothing left. */
export const matrix: KubernetesScenario<MatrixSizes> = {
  name: 'whatever happens to a pod',
  async play(stage, { rounds }) {
    const { scene, findings, say } = stage;
    for (let round = 0; round < rounds; round++) {
      for (const { name, play, ends } of cases) {
        const run = await play(stage);
        const seen = await scene.end(run);
        const good = JSON.stringify(seen) === JSON.stringify(ends);
        findings.rule(good, `${name}: ${run.id} ended as ${JSON.stringify(seen)}, not ${JSON.stringify(ends)}`);
        findings.add(name, good ? 1 : 0);
        say(`${name}: ${good ? 'as it should' : JSON.stringify(seen)}`);
      }
    }
    await until(
      'nothing is left',
      async () => {
        const left = [...(await scene.namespace.jobs()), ...(await scene.namespace.pods())];
        return left.length === 0;
      },
      180_000,
    );
  },
};

async function isReady({ scene }: KubernetesStage, { spec }: Pod): Promise<boolean> {
  const path = `/api/v1/nodes/${spec?.nodeName ?? ''}`;
  const node = await scene.namespace.admin.send<Node>({ method: 'GET', path, signal: never });
  return holds(node.status?.conditions, 'Ready') !== undefined;
}

/** A shell's short commands may have ended since they were found. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The processes of a run's container and the shim above them. The real node is this machine. */
async function containerOf({ id }: Run): Promise<number[]> {
  const found = new Set<number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (!environment.includes(`RELAUNCH_RUN_ID=${id}\0`) || environment.includes('RELAUNCH_HOME=')) continue;
    found.add(Number(name));
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(await readFile(`/proc/${name}/status`, 'utf8'))?.[1]);
    const command = await readFile(`/proc/${String(parent)}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('containerd-shim')) found.add(parent);
  }
  return [...found];
}
