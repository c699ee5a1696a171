import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { result } from '../../client/index.ts';
import { upKubernetes } from '../../scripts/testbed/kubernetes/up.ts';
import { auditLog, type Audited } from '../support/audit-log.ts';
import { Disruptions } from '../support/disruptions.ts';
import { faultProxy, type Fault, type FaultProxy } from '../support/fault-proxy.ts';
import { onRealNode } from '../support/kubernetes-harness.ts';
import { KubernetesScene, endsWhenResumed, resumedOnce } from '../support/kubernetes-scene.ts';
import { linesOf } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

let scene: KubernetesScene;
let proxy: FaultProxy;

beforeAll(async () => {
  // What ends at KILL there comes back when its node, which shuts down, is given nothing any more.
  scene = await KubernetesScene.start({ slow: { resourceArgs: { kubernetes: onRealNode }, gracePeriod: '5s' } });
  proxy = await faultProxy(scene.namespace.kubeconfig);
  scene.cluster.env['KUBECONFIG'] = proxy.kubeconfig;
  await scene.cluster.agent('one', ['real', 'slow', 'kwok'], 50);
});

afterAll(async () => {
  await scene.stop();
  await proxy.close();
});

/** Of one run, or of all. */
const jobsCreated = async (run = ''): Promise<Audited[]> =>
  (await auditLog(scene.namespace)).filter(
    ({ verb, resource, name, code }) =>
      verb === 'create' && resource === 'jobs' && name.startsWith(run) && code === 201,
  );

/** One request in four goes wrong, each time in another way. */
function brokenNowAndThen(): FaultProxy['fault'] {
  let count = 0;
  const faults: Fault[] = [
    { status: 429, retryAfterS: 1 },
    { status: 500 },
    'cut',
    { delayMs: 2_000 },
    { status: 503 },
    { status: 504 },
  ];
  return ({ url }) => {
    if (++count % 4 !== 0) return undefined;
    if (url.searchParams.has('watch') && count % 8 === 0) return { status: 410, reason: 'Expired' };
    return faults[(count / 4) % faults.length];
  };
}

test('an API server that answers badly, late and not at all, and watches that end without a word, change nothing', async () => {
  const disruptions = new Disruptions(scene.namespace);
  proxy.fault = brokenNowAndThen();
  const ending = setInterval(() => {
    proxy.endStreams();
  }, 1_500);
  const runs = await Promise.all(Array.from({ length: 12 }, () => scene.launch('kwok', 'none')));
  const expected = await Promise.all(
    runs.map(async (run, i) => {
      const pod = await scene.running(run);
      if (i % 3 === 0) {
        await scene.endOnKwok(pod, 7);
        return { state: 'failed', requeues: 0, outcomes: ['failed exit-code'] };
      }
      if (i % 3 === 1) {
        await scene.endOnKwok(pod);
        return { state: 'succeeded', requeues: 0, outcomes: ['succeeded'] };
      }
      await disruptions.evict(pod);
      await scene.endOnKwok(await scene.running(run, 2));
      return { state: 'succeeded', requeues: 1, outcomes: ['preempted EvictionByEvictionAPI', 'succeeded'] };
    }),
  );
  expect(await Promise.all(runs.map((run) => scene.end(run)))).toEqual(expected);
  clearInterval(ending);
  proxy.fault = () => undefined;
  expect(await jobsCreated()).toHaveLength(runs.length + runs.length / 3);
});

test('a control plane that is down for half a minute changes nothing', async () => {
  const { testbed } = scene.namespace;
  const [goesOn, evicted, ends] = await Promise.all([
    scene.launch('real', 'for i in $(seq 45); do sleep 1; done; echo done'),
    scene.launch('real', endsWhenResumed),
    scene.launch('real', 'sleep 15; echo ended; exit 9'),
  ]);
  const [, pod] = await Promise.all([scene.running(goesOn), scene.running(evicted), scene.running(ends)]);
  await new Disruptions(scene.namespace).evict(pod);
  // These two would end without it, as they lose their leases; here they have none, and would be silent for a minute more.
  for (const part of ['apiserver', 'controller-manager', 'scheduler'] as const) await testbed.kill(part);
  await sleep(30_000);
  await upKubernetes({ say: () => undefined });
  expect(await scene.end(ends)).toEqual({ state: 'failed', requeues: 0, outcomes: ['failed exit-code'] });
  expect(await scene.end(evicted)).toMatchObject({ requeues: 1, state: 'succeeded' });
  expect((await linesOf(scene.cluster, evicted.workflowId)).at(-1)).toBe(resumedOnce[1]);
  expect(await scene.end(goesOn)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
  expect(await linesOf(scene.cluster, goesOn.workflowId)).toEqual(['done']);
});

test('a machine that shuts down ends its runs: they are requeued once, if they are not done and their policy says so', async () => {
  const saysDone = `trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done`;
  const [resumes, done, stays] = await Promise.all([
    scene.launch('slow', endsWhenResumed),
    scene.launch('real', saysDone),
    scene.launch('real', endsWhenResumed, { requeue: { on: ['EvictionByEvictionAPI'] } }),
  ]);
  const [pod] = await Promise.all([resumes, done, stays].map((run) => scene.running(run)));
  await until('it is ready', async () => (await linesOf(scene.cluster, done.workflowId)).includes('ready'));
  const callOff = await new Disruptions(scene.namespace).shutDown(pod?.spec?.nodeName ?? '');
  expect(await scene.end(done)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
  const preempted = 'preempted TerminationByKubelet';
  expect(await scene.end(stays)).toEqual({ state: 'failed', requeues: 0, outcomes: [preempted] });
  await callOff();
  expect(await scene.end(resumes)).toEqual({ state: 'succeeded', requeues: 1, outcomes: [preempted, 'succeeded'] });
  expect(await linesOf(scene.cluster, resumes.workflowId)).toEqual(resumedOnce);
  expect(await jobsCreated(resumes.id)).toHaveLength(2);
  const { attempts } = await result(scene.cluster.relaunch, resumes.workflowId);
  const said = 'Pod was terminated in response to imminent node shutdown.';
  expect(attempts[0]?.outcome).toMatchObject({ by: 'kubelet', message: said });
});

test('a kubelet and a runtime that are killed and come back change nothing', async () => {
  const { testbed } = scene.namespace;
  const run = await scene.launch('real', 'for i in $(seq 15); do echo $i; sleep 1; done');
  await scene.running(run);
  await testbed.kill('kubelet');
  await testbed.kill('containerd');
  await sleep(5_000);
  await upKubernetes({ say: () => undefined });
  expect(await scene.end(run)).toEqual({ state: 'succeeded', requeues: 0, outcomes: ['succeeded'] });
  const numbers = Array.from({ length: 15 }, (_, i) => String(i + 1));
  expect(await linesOf(scene.cluster, run.workflowId)).toEqual(numbers);
});
