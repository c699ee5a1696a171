import { describe, expect, test } from 'vitest';
import { brokenStart } from '../../activities/backends/kubernetes/broken-start.ts';
import { firstsOf } from '../../activities/backends/kubernetes/firsts.ts';
import { annotation } from '../../activities/backends/kubernetes/labels.ts';
import type { Condition, ContainerStatus, Job, Metadata, Pod } from '../../activities/backends/kubernetes/objects.ts';
import { phaseOf, unscheduledSince } from '../../activities/backends/kubernetes/phase.ts';

const at = (second: number): string => `2026-03-01T00:00:${String(second).padStart(2, '0')}Z`;

const runs: ContainerStatus['state'] = { running: { startedAt: at(5) } };
const waits = (reason: string, message?: string): ContainerStatus['state'] => ({
  waiting: { reason, ...(message === undefined ? {} : { message }) },
});
const ended = (exitCode: number, startedAt: string | null = at(5)): ContainerStatus['state'] => ({
  terminated: { exitCode, startedAt, finishedAt: at(9) },
});

const scheduled: Condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: at(2) };
const unscheduled = (message: string): Condition => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message,
  lastTransitionTime: at(2),
});

interface PodOptions {
  name?: string;
  conditions?: Condition[];
  containers?: Record<string, ContainerStatus['state']>;
  init?: Record<string, ContainerStatus['state']>;
  phase?: string;
  node?: string;
  deletion?: Pick<Metadata, 'deletionTimestamp' | 'deletionGracePeriodSeconds'>;
}

function podOf({
  name = 'p',
  conditions = [scheduled],
  containers = {},
  init = {},
  phase = 'Pending',
  node,
  deletion = {},
}: PodOptions): Pod {
  const statuses = (of: Record<string, ContainerStatus['state']>): ContainerStatus[] =>
    Object.entries(of).map(([one, state]) => ({
      name: one,
      image: `registry.example/${one}@sha256:1`,
      ...(state === undefined ? {} : { state }),
    }));
  return {
    metadata: { name, uid: name, ...deletion },
    spec: {
      containers: Object.keys(containers).map((one) => ({ name: one })),
      ...(node === undefined ? {} : { nodeName: node }),
    },
    status: { phase, conditions, containerStatuses: statuses(containers), initContainerStatuses: statuses(init) },
  };
}

const jobOf = (spec: Job['spec'] = {}, annotations: Record<string, string> = {}): Job => ({
  metadata: { name: 'j', uid: 'j', annotations },
  spec,
});

const deleted = { deletionTimestamp: at(30), deletionGracePeriodSeconds: 20 };
const onNode = { node: 'node-7', conditions: [scheduled] };

describe('an attempt', () => {
  test.each<[string, Job | undefined, PodOptions[], string | undefined, object]>([
    ['whose Job has no pods yet', jobOf(), [], undefined, { phase: 'waiting' }],
    [
      'whose Job may have no pods',
      jobOf(),
      [],
      'FailedCreate: exceeded quota',
      { phase: 'waiting', why: 'FailedCreate: exceeded quota' },
    ],
    [
      'whose Job is suspended, as Kueue does',
      jobOf({ suspend: true }),
      [],
      undefined,
      { phase: 'waiting', why: 'its Job is suspended' },
    ],
    [
      'whose Job is suspended while its pod has not begun',
      jobOf({ suspend: true }),
      [{ ...onNode, containers: { main: waits('ContainerCreating') }, deletion: deleted }],
      undefined,
      { phase: 'waiting', why: 'its Job is suspended' },
    ],
    [
      'that was stopped: its Job is suspended by us, and that is no reason',
      jobOf({ suspend: true }, { [annotation.stopped]: 'true' }),
      [],
      undefined,
      { phase: 'waiting' },
    ],
    ['whose pod nobody has looked at', jobOf(), [{ conditions: [] }], undefined, { phase: 'waiting' }],
    [
      'whose pod fits no node',
      jobOf(),
      [{ conditions: [unscheduled('0/3 nodes are available: 3 Insufficient nvidia.com/gpu.')] }],
      undefined,
      { phase: 'waiting', why: '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.' },
    ],
    [
      'whose pod fits no node, and a new one comes',
      jobOf(),
      [{ conditions: [unscheduled('0/3 nodes are available.')] }],
      'TriggeredScaleUp: pool a100 from 0 to 1',
      { phase: 'waiting', why: '0/3 nodes are available.; TriggeredScaleUp: pool a100 from 0 to 1' },
    ],
    [
      'of which one pod has a node and one has none',
      jobOf(),
      [onNode, { name: 'q', conditions: [unscheduled('no room')] }],
      undefined,
      { phase: 'waiting', why: 'no room' },
    ],
    ['whose pod has a node', jobOf(), [onNode], undefined, { phase: 'starting', node: 'node-7' }],
    [
      'whose image is being pulled',
      jobOf(),
      [{ ...onNode, containers: { main: waits('ContainerCreating') } }],
      undefined,
      { phase: 'starting', node: 'node-7' },
    ],
    [
      'that is being prepared',
      jobOf(),
      [{ ...onNode, init: { fetch: runs }, containers: { main: waits('PodInitializing') } }],
      undefined,
      { phase: 'starting', node: 'node-7' },
    ],
    [
      'whose image cannot be pulled',
      jobOf(),
      [{ ...onNode, containers: { main: waits('ErrImagePull', 'manifest unknown') } }],
      undefined,
      { phase: 'starting', node: 'node-7', why: 'ErrImagePull: manifest unknown' },
    ],
    [
      'whose preparation cannot be pulled',
      jobOf(),
      [
        {
          ...onNode,
          init: { fetch: waits('ImagePullBackOff') },
          containers: { main: waits('PodInitializing') },
        },
      ],
      undefined,
      { phase: 'starting', node: 'node-7', why: 'ImagePullBackOff' },
    ],
    [
      'that runs',
      jobOf(),
      [{ ...onNode, containers: { main: runs }, phase: 'Running' }],
      undefined,
      { phase: 'running', node: 'node-7', image: 'registry.example/main@sha256:1', at: at(5) },
    ],
    [
      'that runs, whatever was said while it waited',
      jobOf(),
      [{ ...onNode, containers: { main: runs } }],
      'TriggeredScaleUp',
      { phase: 'running', node: 'node-7', image: 'registry.example/main@sha256:1', at: at(5) },
    ],
    [
      'of which only a helper runs',
      jobOf(),
      [{ ...onNode, containers: { proxy: runs, main: waits('ContainerCreating') } }],
      undefined,
      { phase: 'starting', node: 'node-7' },
    ],
    [
      'whose Job says which container is the main one',
      jobOf({}, { [annotation.main]: 'train' }),
      [{ ...onNode, containers: { main: waits('ContainerCreating'), train: runs } }],
      undefined,
      { phase: 'running', node: 'node-7', image: 'registry.example/train@sha256:1', at: at(5) },
    ],
    [
      'of whose pods one runs',
      jobOf(),
      [
        { name: 'p', conditions: [unscheduled('no room')], containers: { main: undefined } },
        { name: 'q', ...onNode, containers: { main: runs } },
      ],
      undefined,
      { phase: 'running', node: 'node-7', image: 'registry.example/main@sha256:1', at: at(5) },
    ],
    [
      'that ended between two looks has run',
      jobOf(),
      [{ ...onNode, containers: { main: ended(0) }, phase: 'Succeeded' }],
      undefined,
      { phase: 'running', node: 'node-7', image: 'registry.example/main@sha256:1', at: at(5) },
    ],
    [
      'whose container ended without ever having run',
      jobOf(),
      [{ ...onNode, containers: { main: ended(137, null) }, phase: 'Failed' }],
      undefined,
      { phase: 'starting', node: 'node-7' },
    ],
    [
      'whose container its runtime could not start: 1970 is no beginning',
      jobOf(),
      [{ ...onNode, containers: { main: ended(128, '1970-01-01T00:00:00Z') }, phase: 'Failed' }],
      undefined,
      { phase: 'starting', node: 'node-7' },
    ],
    [
      'whose only pod is being deleted still runs',
      jobOf(),
      [{ ...onNode, containers: { main: runs }, deletion: deleted }],
      undefined,
      { phase: 'running', node: 'node-7', image: 'registry.example/main@sha256:1', at: at(5) },
    ],
    [
      'whose Job is suspended while its pod runs still runs',
      jobOf({ suspend: true }),
      [{ ...onNode, containers: { main: runs }, deletion: deleted }],
      undefined,
      { phase: 'running', node: 'node-7', image: 'registry.example/main@sha256:1', at: at(5) },
    ],
    [
      'whose pod is deleted and has another in its place is where that is',
      jobOf(),
      [
        { name: 'p', ...onNode, containers: { main: runs }, deletion: deleted },
        { name: 'q', conditions: [unscheduled('no room')] },
      ],
      undefined,
      { phase: 'waiting', why: 'no room' },
    ],
    [
      'whose Job is gone, of which a pod runs',
      undefined,
      [{ ...onNode, containers: { main: runs } }],
      undefined,
      { phase: 'running', node: 'node-7', image: 'registry.example/main@sha256:1', at: at(5) },
    ],
  ])('%s', (_, job, pods, why, expected) => {
    expect(phaseOf({ job, pods: pods.map(podOf) }, why)).toEqual(expected);
  });

  test('is told about in at most a thousand characters', () => {
    const long = 'x'.repeat(2_000);
    const waiting = phaseOf({ job: jobOf(), pods: [podOf({ conditions: [unscheduled(long)] })] }, long);
    expect(waiting.why).toHaveLength(1_000);
    const starting = phaseOf({
      job: jobOf(),
      pods: [podOf({ ...onNode, containers: { main: waits('ErrImagePull', long) } })],
    });
    expect(starting.why).toHaveLength(1_000);
  });
});

test.each<[string, PodOptions[], string | undefined]>([
  ['no pods', [], undefined],
  ['a pod that nobody has looked at', [{ conditions: [] }], undefined],
  ['a pod that has a node', [onNode], undefined],
  ['a pod that fits no node', [{ conditions: [unscheduled('no room')] }], at(2)],
  ['a pod that fits no node and is being deleted', [{ conditions: [unscheduled('x')], deletion: deleted }], undefined],
  ['two pods, of which the second fits no node', [onNode, { name: 'q', conditions: [unscheduled('x')] }], at(2)],
])('with %s the attempt has had no node since %s', (_, pods, since) => {
  expect(unscheduledSince({ job: jobOf(), pods: pods.map(podOf) })).toBe(since);
});

describe('a start that cannot succeed', () => {
  const patient = 120_000;
  const hopeless = 5_000;

  test.each([
    ['ErrImagePull', 'image-pull', patient],
    ['ImagePullBackOff', 'image-pull', patient],
    ['RegistryUnavailable', 'image-pull', patient],
    ['ImageInspectError', 'image-pull', patient],
    ['SignatureValidationFailed', 'image-pull', patient],
    ['ErrImageNeverPull', 'image-pull', hopeless],
    ['InvalidImageName', 'invalid-config', hopeless],
    ['CreateContainerConfigError', 'invalid-config', patient],
    ['CreateContainerError', 'invalid-config', patient],
  ])('%s is %s, which may pass for %i ms', (reason, cause, patienceMs) => {
    const pod = podOf({ ...onNode, containers: { main: waits(reason, 'the kubelet’s words') } });
    expect(brokenStart([pod])).toEqual({
      cause,
      patienceMs,
      message: `container main: ${reason}: the kubelet’s words`,
      node: 'node-7',
    });
  });

  test.each([
    ['ErrImagePull', '0', 0],
    ['CreateContainerConfigError', '15', 15_000],
    ['ErrImageNeverPull', '15', hopeless],
    ['ErrImagePull', 'for ever', patient],
  ])('%s may pass for as long as its queue says, if waiting helps: %s', (reason, said, patienceMs) => {
    const pod = podOf({ ...onNode, containers: { main: waits(reason) } });
    const annotations = { 'relaunch.dev/start-toleration-seconds': said };
    expect(brokenStart([{ ...pod, metadata: { ...pod.metadata, annotations } }])).toMatchObject({ patienceMs });
  });

  test('of an image it is said whose credentials did not help', () => {
    const pod = podOf({ ...onNode, containers: { main: waits('ErrImagePull', '401') } });
    const withSecrets = { ...pod, spec: { ...pod.spec, imagePullSecrets: [{ name: 'a' }, { name: 'b' }] } };
    const words = 'container main: ErrImagePull: 401; pulled';
    expect(brokenStart([withSecrets])).toMatchObject({ message: `${words} with imagePullSecrets a, b` });
    const annotations = { 'relaunch.dev/pulled-as': 'ada@lab@registry.example:5000' };
    const ours = { ...withSecrets, metadata: { ...pod.metadata, annotations } };
    expect(brokenStart([ours])).toMatchObject({
      message: `${words} as "ada@lab", the agent's account at registry.example:5000`,
      pulledFrom: 'registry.example:5000',
    });
  });

  test.each<[string, PodOptions[], object | undefined]>([
    ['no pods', [], undefined],
    ['a container that is being created', [{ containers: { main: waits('ContainerCreating') } }], undefined],
    ['a container that waits for its preparation', [{ containers: { main: waits('PodInitializing') } }], undefined],
    ['a container that runs', [{ containers: { main: runs } }], undefined],
    ['a reason that nobody knows', [{ containers: { main: waits('SandboxChanged') } }], undefined],
    ['a pod that is being deleted', [{ containers: { main: waits('ErrImagePull') }, deletion: deleted }], undefined],
    [
      'words of the kubelet, which has none',
      [{ containers: { main: waits('ErrImagePull') } }],
      { message: 'container main: ErrImagePull', node: undefined },
    ],
    [
      'a preparation that does not start',
      [{ init: { fetch: waits('InvalidImageName') }, containers: { main: waits('PodInitializing') } }],
      { cause: 'invalid-config', message: 'container fetch: InvalidImageName' },
    ],
    [
      'a helper that does not start beside a main container that runs',
      [{ containers: { main: runs, proxy: waits('ErrImagePull') } }],
      { message: 'container proxy: ErrImagePull' },
    ],
    [
      'a second pod that does not start',
      [
        { name: 'p', containers: { main: runs } },
        { name: 'q', ...onNode, containers: { main: waits('CreateContainerError') } },
      ],
      { message: 'container main: CreateContainerError', node: 'node-7' },
    ],
  ])('is seen in %s, or not', (_, pods, expected) => {
    const broken = brokenStart(pods.map(podOf));
    if (expected === undefined) expect(broken).toBeUndefined();
    else expect(broken).toMatchObject(expected);
  });
});

describe('what is seen first of a pod', () => {
  const disrupted = (reason: string, second: number, status = 'True'): Condition => ({
    type: 'DisruptionTarget',
    status,
    reason,
    message: `words of ${reason}`,
    lastTransitionTime: at(second),
  });
  const evicted = { reason: 'EvictionByEvictionAPI', at: at(7), message: 'words of EvictionByEvictionAPI' };

  test.each<[string, PodOptions, Parameters<typeof firstsOf>[1], ReturnType<typeof firstsOf>]>([
    ['nothing has happened to it', {}, undefined, undefined],
    [
      'it is to be evicted',
      { conditions: [disrupted('EvictionByEvictionAPI', 7)] },
      undefined,
      { disruption: evicted },
    ],
    [
      'another reason comes later',
      { conditions: [disrupted('DeletionByPodGC', 20)] },
      { disruption: evicted },
      { disruption: evicted },
    ],
    [
      'its disruption was taken back',
      { conditions: [disrupted('EvictionByEvictionAPI', 7, 'False')] },
      undefined,
      undefined,
    ],
    [
      'its disruption was taken back after it had been seen',
      { conditions: [disrupted('EvictionByEvictionAPI', 7, 'False')] },
      { disruption: evicted },
      { disruption: evicted },
    ],
    [
      'its deletion was asked for: its grace period before the time that it has',
      { phase: 'Running', deletion: { deletionTimestamp: at(30), deletionGracePeriodSeconds: 20 } },
      undefined,
      { deletion: '2026-03-01T00:00:10.000Z' },
    ],
    [
      'its deletion was asked for without a grace period',
      { phase: 'Running', deletion: { deletionTimestamp: at(30) } },
      undefined,
      { deletion: '2026-03-01T00:00:30.000Z' },
    ],
    [
      'the kubelet rewrites the time of its deletion',
      { phase: 'Running', deletion: { deletionTimestamp: at(13), deletionGracePeriodSeconds: 0 } },
      { deletion: '2026-03-01T00:00:10.000Z' },
      { deletion: '2026-03-01T00:00:10.000Z' },
    ],
    [
      'it was deleted after its end, which says nothing about that',
      { phase: 'Failed', deletion: { deletionTimestamp: at(30), deletionGracePeriodSeconds: 0 } },
      undefined,
      undefined,
    ],
    [
      'it succeeded and was deleted',
      { phase: 'Succeeded', deletion: { deletionTimestamp: at(30), deletionGracePeriodSeconds: 0 } },
      undefined,
      undefined,
    ],
    [
      'it was deleted, and then to be disrupted',
      {
        phase: 'Running',
        conditions: [disrupted('EvictionByEvictionAPI', 7)],
        deletion: { deletionTimestamp: at(30), deletionGracePeriodSeconds: 20 },
      },
      { deletion: '2026-03-01T00:00:05.000Z' },
      { deletion: '2026-03-01T00:00:05.000Z', disruption: evicted },
    ],
    [
      'it ended disrupted',
      { phase: 'Failed', conditions: [disrupted('TerminationByKubelet', 9)] },
      undefined,
      { disruption: { reason: 'TerminationByKubelet', at: at(9), message: 'words of TerminationByKubelet' } },
    ],
    [
      'it is to be disrupted, and nobody says why or when',
      { conditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      undefined,
      { disruption: { reason: 'unknown' } },
    ],
  ])('%s', (_, pod, known, expected) => {
    expect(firstsOf(podOf(pod), known)).toEqual(expected);
  });

  test('stays the same object where there is nothing new', () => {
    const known = { disruption: evicted };
    expect(firstsOf(podOf({ conditions: [disrupted('DeletionByPodGC', 20)] }), known)).toBe(known);
  });

  test('fits into a record, however much a controller says', () => {
    const conditions = [{ ...disrupted('EvictionByEvictionAPI', 7), message: 'x'.repeat(100_000) }];
    expect(firstsOf(podOf({ conditions }), undefined)?.disruption?.message).toHaveLength(1_000);
  });
});
