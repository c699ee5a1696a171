import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classify } from '../../activities/backends/kubernetes/classify.ts';
import type { Snapshot } from '../../activities/backends/kubernetes/snapshot.ts';
import type { FirstsSeen } from '../../contracts/records.ts';
import type { Job, Pod } from '../../activities/backends/kubernetes/objects.ts';
import { captureNames, firstVerdict, readCapture, statesOf } from '../support/captures.ts';

const evicted = { kind: 'preempted', reason: 'EvictionByEvictionAPI', by: 'eviction API' };
const byKubelet = { kind: 'preempted', reason: 'TerminationByKubelet', by: 'kubelet' };
const byScheduler = { kind: 'preempted', reason: 'PreemptionByScheduler', by: 'kube-scheduler' };
const byTaint = { kind: 'preempted', reason: 'DeletionByTaintManager', by: 'taint manager' };
const byPodGc = { kind: 'preempted', reason: 'DeletionByPodGC', by: 'pod garbage collector' };
const deleted = { kind: 'lost', reason: 'deleted-externally' };

/** What people of a cluster did, and what it was: real disruptions, as the cluster told them. */
const captured: Record<string, object> = {
  'kwok-eviction-api': { ...evicted, exitCode: 137 },
  'kwok-exit0': { kind: 'succeeded', exitCode: 0 },
  'kwok-exit7': { kind: 'failed', cause: 'exit-code', exitCode: 7 },
  'kwok-node-pressure-faked': { ...byKubelet, message: 'The node was low on resource: memory.' },
  'kwok-plain-delete': deleted,
  'kwok-podgc': byPodGc,
  'kwok-scheduler-preemption': byScheduler,
  'kwok-taint-manager': byTaint,
  'real-deadline': { kind: 'timed-out', phase: 'run' },
  'real-eviction-api': { ...evicted, exitCode: 137 },
  'real-eviction-api-exit0-on-term': { kind: 'succeeded', exitCode: 0 },
  'real-eviction-pdb': evicted,
  'real-exit0': { kind: 'succeeded', exitCode: 0, node: '127.0.0.1' },
  'real-exit3': { kind: 'failed', cause: 'exit-code', exitCode: 3 },
  'real-force-delete': deleted,
  'real-image-missing': deleted,
  'real-job-delete': { ...deleted, exitCode: 137 },
  'real-kubelet-critical-pod': byKubelet,
  'real-kubelet-ephemeral-storage': { kind: 'failed', cause: 'storage-limit', exitCode: 137 },
  'real-kubelet-memory-pressure': byKubelet,
  'real-log-follow-critical-pod': { ...byKubelet, exitCode: 85 },
  'real-log-follow-eviction': { ...evicted, exitCode: 85 },
  'real-oom': { kind: 'failed', cause: 'out-of-memory', exitCode: 137 },
  'real-plain-delete': deleted,
  'real-podgc': byPodGc,
  'real-scheduler-preemption': byScheduler,
  'real-taint-manager': byTaint,
};

describe('real disruptions', () => {
  test('there is an expectation of each', () => {
    expect(Object.keys(captured).toSorted()).toEqual(captureNames().toSorted());
  });

  test.each(Object.entries(captured))('%s', (name, expected) => {
    expect(firstVerdict(readCapture(name))).toMatchObject(expected);
  });

  // Nodes that kwok plays have no kubelet, which would say that it was told to stop the container.
  const unseen = ['kwok-plain-delete'];

  test.each(Object.entries(captured))(
    '%s is judged the same whenever it is looked at, however far the watch is behind',
    (name, expected) => {
      const capture = readCapture(name);
      const last = statesOf(capture).length - 1;
      fc.assert(
        fc.property(fc.nat(last), unseen.includes(name) ? fc.constant(0) : fc.nat(capture.length), (from, lag) => {
          expect(firstVerdict(capture, { from, lag })).toMatchObject(expected);
        }),
      );
    },
  );
});

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().replace('.000Z', 'Z');

interface PodOptions {
  phase?: string;
  reason?: string;
  exit?: number;
  word?: string;
  end?: number;
  disrupted?: { reason: string; at: number; status?: string };
  deletion?: number;
  name?: string;
}

function pod({
  phase = 'Failed',
  reason,
  exit = 1,
  word = 'Error',
  end = 10,
  disrupted,
  deletion,
  name = 'p',
}: PodOptions): Pod {
  const terminated = { exitCode: exit, reason: word, startedAt: at(1), finishedAt: at(end) };
  const { status = 'True', ...rest } = disrupted ?? { reason: '', at: 0 };
  const condition = { type: 'DisruptionTarget', status, reason: rest.reason, lastTransitionTime: at(rest.at) };
  return {
    metadata: {
      name,
      uid: name,
      ...(deletion === undefined ? {} : { deletionTimestamp: at(deletion), deletionGracePeriodSeconds: 0 }),
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'main' }] },
    status: {
      phase,
      ...(reason === undefined ? {} : { reason }),
      conditions: disrupted === undefined ? [] : [condition],
      containerStatuses: [
        { name: 'main', state: phase === 'Running' ? { running: { startedAt: at(1) } } : { terminated } },
      ],
    },
  };
}

function job(conditions: readonly (readonly [type: string, reason?: string])[] = [], spec: object = {}): Job {
  return {
    metadata: { name: 'j', uid: 'j' },
    spec: { parallelism: 1, completions: 1, backoffLimit: 0, ...spec },
    status: {
      conditions: conditions.map(([type, reason = '']) => ({
        type,
        status: 'True',
        reason,
        lastTransitionTime: at(20),
      })),
    },
  };
}

/** What a runtime says that could not start a container at all. */
const startError: Pod = {
  ...pod({}),
  status: {
    phase: 'Failed',
    containerStatuses: [
      {
        name: 'main',
        state: {
          terminated: {
            exitCode: 128,
            reason: 'StartError',
            message: 'exec: "nope": not found',
            startedAt: '1970-01-01T00:00:00Z',
            finishedAt: at(3),
          },
        },
      },
    ],
  },
};

const snapshot = (more: Partial<Snapshot>): Snapshot => ({ job: job(), pods: [], at: at(100), ...more });

describe('an attempt that', () => {
  const failed = [['Failed', 'PodFailurePolicy']] as const;
  test.each<[string, Partial<Snapshot>, FirstsSeen, object]>([
    [
      'was to be evicted after it had failed by itself',
      { pods: [pod({ disrupted: { reason: 'EvictionByEvictionAPI', at: 15 }, deletion: 15 })] },
      {},
      { kind: 'failed', cause: 'exit-code', exitCode: 1 },
    ],
    [
      'was to be disrupted, which was taken back, and failed by itself',
      { pods: [pod({ disrupted: { reason: 'EvictionByEvictionAPI', at: 5, status: 'False' } })] },
      { p: { disruption: { reason: 'EvictionByEvictionAPI', at: at(5) } } },
      { kind: 'failed', exitCode: 1 },
    ],
    [
      'was drained, and whose node then died',
      { pods: [pod({ disrupted: { reason: 'DeletionByPodGC', at: 5 }, deletion: 60 })] },
      { p: { disruption: { reason: 'EvictionByEvictionAPI', at: at(5) } } },
      { kind: 'preempted', reason: 'EvictionByEvictionAPI' },
    ],
    [
      'ended with exit code 0 at SIGTERM',
      { pods: [pod({ phase: 'Succeeded', exit: 0, disrupted: { reason: 'TerminationByKubelet', at: 5 } })] },
      {},
      { kind: 'succeeded' },
    ],
    [
      'was killed without a word',
      { pods: [pod({ exit: 137 })] },
      {},
      { kind: 'failed', exitCode: 137, message: 'the job was ended by SIGKILL' },
    ],
    ['exits with 255 by itself', { pods: [pod({ exit: 255 })] }, {}, { kind: 'failed', exitCode: 255 }],
    [
      'ended with its runtime',
      { pods: [pod({ exit: 255, word: 'Unknown' })] },
      {},
      { kind: 'lost', reason: 'runtime-restart' },
    ],
    [
      'had a command that is not in its image',
      { pods: [startError] },
      {},
      { kind: 'failed', cause: 'invalid-config', message: 'exec: "nope": not found' },
    ],
    [
      'lost a child for want of memory',
      { pods: [pod({ exit: 9, word: 'OOMKilled' })] },
      {},
      { kind: 'failed', cause: 'exit-code', exitCode: 9 },
    ],
    ['was deleted while it ran', { pods: [pod({ exit: 137, deletion: 11 })] }, { p: { deletion: at(8) } }, {}],
    [
      'was deleted while it ran, as its Job says',
      { job: job(failed), pods: [pod({ exit: 137, deletion: 11 })] },
      { p: { deletion: at(8) } },
      { kind: 'lost', reason: 'deleted-externally' },
    ],
    [
      'ended by itself a while before it was deleted',
      { job: job(failed), pods: [pod({ exit: 3, deletion: 30 })] },
      {},
      { kind: 'failed', exitCode: 3 },
    ],
    [
      'was suspended: its Job goes on',
      { job: job([['Suspended']], { suspend: true }), pods: [pod({ exit: 137, deletion: 11 })] },
      { p: { deletion: at(8) } },
      {},
    ],
    [
      'was suspended and has failed',
      {
        job: job([['Suspended'], ['Failed', 'PodFailurePolicy']], { suspend: true }),
        pods: [pod({ exit: 137, deletion: 11 })],
      },
      { p: { deletion: at(8) } },
      { kind: 'lost', reason: 'deleted-externally' },
    ],
    [
      'a kubelet refused',
      {
        pods: [
          {
            ...pod({ reason: 'OutOfcpu' }),
            status: { phase: 'Failed', reason: 'OutOfcpu', message: 'Node did not have enough cpu' },
          },
        ],
      },
      {},
      { kind: 'lost', reason: 'never-started' },
    ],
    [
      'still runs',
      { pods: [pod({ phase: 'Running', disrupted: { reason: 'EvictionByEvictionAPI', at: 5 } })] },
      {},
      {},
    ],
    ['nobody knows', { job: undefined }, {}, { kind: 'lost', reason: 'never-started' }],
    [
      'vanished after a preemption was seen',
      { job: undefined },
      { p: { disruption: { reason: 'PreemptionByScheduler' } } },
      { kind: 'preempted', reason: 'PreemptionByScheduler' },
    ],
    [
      'vanished after a deletion was seen',
      { job: undefined },
      { p: { deletion: at(8) } },
      { kind: 'lost', reason: 'deleted-externally' },
    ],
    [
      'vanished, as the scheduler said',
      { job: undefined, events: [{ reason: 'Preempted', message: 'by x' }] },
      {},
      { kind: 'preempted', reason: 'PreemptionByScheduler' },
    ],
    [
      'vanished and was there',
      { job: undefined, events: [{ reason: 'Started' }] },
      {},
      { kind: 'lost', reason: 'vanished' },
    ],
  ])('%s', (_, more, firsts, expected) => {
    const verdict = classify(snapshot(more), firsts);
    if (Object.keys(expected).length === 0) expect(verdict).toBeUndefined();
    else expect(verdict).toMatchObject(expected);
  });
});

describe('an attempt of several pods', () => {
  const gang = { parallelism: 4, completions: 4 };
  const done = [['Failed', 'PodFailurePolicy']] as const;
  test('was preempted if one of them was, though others failed for want of it', () => {
    const pods = [
      pod({ name: 'a', exit: 143, end: 12, disrupted: { reason: 'EvictionByEvictionAPI', at: 5 }, deletion: 12 }),
      pod({ name: 'b', exit: 1, end: 8 }),
      pod({ name: 'c', exit: 137, end: 13, deletion: 13 }),
      pod({ name: 'd', phase: 'Succeeded', exit: 0, end: 4 }),
    ];
    expect(classify(snapshot({ job: job(done, gang), pods }), {})).toMatchObject(evicted);
  });

  test('failed if one of them failed before another was preempted', () => {
    const pods = [
      pod({ name: 'a', exit: 143, end: 12, disrupted: { reason: 'EvictionByEvictionAPI', at: 9 }, deletion: 12 }),
      pod({ name: 'b', exit: 5, end: 4 }),
      pod({ name: 'c', exit: 137, end: 3, deletion: 13 }),
    ];
    expect(classify(snapshot({ job: job(done, gang), pods }), {})).toMatchObject({ kind: 'failed', exitCode: 5 });
  });

  test('is over when its Job says so, not when the first pod is', () => {
    const pods = [pod({ name: 'a', phase: 'Succeeded', exit: 0 }), pod({ name: 'b', phase: 'Running' })];
    expect(classify(snapshot({ job: job([], gang), pods }), {})).toBeUndefined();
    const ended = pods.map((one) => ({ ...one, status: { ...one.status, phase: 'Succeeded' } }));
    expect(classify(snapshot({ job: job([], gang), pods: ended }), {})).toBeUndefined();
    expect(classify(snapshot({ job: job([['Complete']], gang), pods: ended }), {})).toMatchObject({
      kind: 'succeeded',
    });
  });

  test('of which one was tried again by its Job is judged by the last', () => {
    const pods = [pod({ name: 'a', exit: 1, end: 4 }), pod({ name: 'b', exit: 2, end: 9 })];
    const retried = job([['Failed', 'BackoffLimitExceeded']], { backoffLimit: 1 });
    expect(classify(snapshot({ job: retried, pods }), {})).toMatchObject({ kind: 'failed', exitCode: 2 });
  });
});

describe('a pod that does not end', () => {
  const stuck = pod({ phase: 'Running', deletion: 10, disrupted: { reason: 'DeletionByTaintManager', at: 5 } });
  const node = (ready: string) => ({
    'node-1': { metadata: { name: 'node-1', uid: 'n' }, status: { conditions: [{ type: 'Ready', status: ready }] } },
  });
  test.each<[string, number, Snapshot['nodes'], string | undefined]>([
    [
      'on a node that does not answer is lost with it, a minute after its grace period',
      71,
      node('Unknown'),
      'node-lost',
    ],
    ['is waited for during that minute', 69, node('Unknown'), undefined],
    ['on a node that is well is waited for', 500, node('True'), undefined],
    ['on a node that was removed is the garbage collector’s', 500, { 'node-1': null }, undefined],
  ])('%s', (_, second, nodes, reason) => {
    const verdict = classify(snapshot({ pods: [stuck], at: at(second), nodes: nodes ?? {} }), {});
    if (reason === undefined) expect(verdict).toBeUndefined();
    else expect(verdict).toMatchObject({ kind: 'lost', reason });
  });
});
