import { globSync } from 'node:fs';
import { expect, test, vi, type TestContext } from 'vitest';
import { never, sh } from '../support/backend-harness.ts';
import { faultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { kubernetesHarness, onRealNode, type KubernetesHarness } from '../support/kubernetes-harness.ts';
import { recordingSink } from '../support/recording-sink.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000 });

/** A backend whose way to the API server is a proxy's. */
async function scene({ onTestFinished }: TestContext): Promise<{ harness: KubernetesHarness; proxy: FaultProxy }> {
  const proxied = Promise.withResolvers<FaultProxy>();
  const harness = await kubernetesHarness(async (kubeconfig) => {
    proxied.resolve(await faultProxy(kubeconfig));
    return (await proxied.promise).kubeconfig;
  });
  const proxy = await proxied.promise;
  onTestFinished(async () => {
    await harness.cleanup();
    await proxy.close();
  });
  return { harness, proxy };
}

/** What the kubelet has rotated away of the logs of this test's pods. */
function rotatedLogs({ namespace: { testbed, name } }: KubernetesHarness): string[] {
  if (testbed.stateDir === undefined) return [];
  return globSync(`${testbed.stateDir}/node/podlogs/${name}_*/main/0.log.*`);
}

// The kubelet looks every ten seconds whether a log is above 10 MiB: this one is after two thirds of it, long after the last cut.
const numbered = [
  'padding=$(head -c 100 /dev/zero | tr "\\0" x)',
  'say() { for i in $(seq $1 $2); do echo $i $padding; done; }',
  'for burst in $(seq 0 89); do say $((burst * 1000)) $((burst * 1000 + 999)); sleep 0.05; done',
  'sleep 15',
  'say 90000 99999',
].join('\n');

test.concurrent(
  'of 100,000 lines, through three cut connections and a rotation, each comes once and in order',
  async (context) => {
    const { harness, proxy } = await scene(context);
    const attempt = harness.attempt({ command: sh(numbered) });
    await harness.backend.submit(attempt, never);
    let cuts = 0;
    let rotated: string[] = [];
    const sink = recordingSink((count) => {
      if (count === 99_000) rotated = rotatedLogs(harness);
      if (count !== [5_000, 15_000, 25_000][cuts]) return;
      cuts++;
      proxy.cutAll();
    });
    const verdict = await harness.backend.follow(attempt.ref, sink, never);
    expect(verdict).toMatchObject({ kind: 'succeeded' });
    expect(cuts).toBe(3);
    if (harness.namespace.testbed.stateDir !== undefined) expect(rotated.length).toBeGreaterThan(0);
    const numbers = sink.texts('stdout').map((line) => Number(line.split(' ')[0]));
    expect(numbers.findIndex((number, i) => number !== i)).toBe(-1);
    expect(numbers).toHaveLength(100_000);
    expect(sink.texts('stderr')).toEqual([]);
  },
);

test.concurrent(
  'what a job says after SIGTERM is kept, although its pod and its log are gone with its end',
  async (context) => {
    const { harness } = await scene(context);
    const command = sh(
      `trap 'echo saving; sleep 1; echo saved; exit 85' TERM; echo ready; while :; do sleep 0.1; done`,
    );
    const attempt = harness.attempt({ command });
    await harness.backend.submit(attempt, never);
    const sink = recordingSink();
    const verdict = harness.backend.follow(attempt.ref, sink, never);
    await until('it says ready', () => sink.texts('stdout').includes('ready'), 20_000);
    await harness.backend.stop(attempt.ref, 20_000, never);
    expect(await verdict).toMatchObject({ exitCode: 85 });
    expect(sink.texts('stdout')).toEqual(['ready', 'saving', 'saved']);
  },
);

test.concurrent('the lines of all containers are labelled, those that prepare the pod too', async (context) => {
  const { harness } = await scene(context);
  const container = (name: string, text: string) => ({
    ...{ name, image: 'relaunch.test/busybox:1', imagePullPolicy: 'Never' },
    command: ['sh', '-c', `echo ${text}`],
  });
  const { template } = onRealNode.spec;
  const spec = {
    ...template.spec,
    initContainers: [container('prepare', 'first')],
    containers: [...template.spec.containers, container('beside', 'third')],
  };
  const attempt = harness.attempt({ command: sh('echo second'), resourceArgs: { spec: { template: { spec } } } });
  await harness.backend.submit(attempt, never);
  const sink = recordingSink();
  expect(await harness.backend.follow(attempt.ref, sink, never)).toMatchObject({ kind: 'succeeded' });
  expect(sink.lines.map(({ line: { c, m } }) => `${c ?? ''}: ${m}`).toSorted()).toEqual([
    'beside: third',
    'main: second',
    'prepare: first',
  ]);
});

test.concurrent('a log that cannot be had is recorded as such, and delays nothing', async (context) => {
  const { harness, proxy } = await scene(context);
  proxy.fault = ({ url }) => (url.pathname.endsWith('/log') ? { status: 500 } : undefined);
  const attempt = harness.attempt({ command: sh('echo unheard; exit 7') });
  await harness.backend.submit(attempt, never);
  const sink = recordingSink();
  expect(await harness.backend.follow(attempt.ref, sink, never)).toMatchObject({ kind: 'failed', exitCode: 7 });
  expect(sink.texts('stdout')).toEqual([]);
  expect(sink.texts('stderr')).toEqual([
    expect.stringMatching(/^relaunch: the rest of the log of container main .* cannot be had: .*500/),
  ]);
});
