import { describe, expect, test } from 'vitest';
import { Clusters } from '../../activities/backends/kubernetes/clusters.ts';
import { checkKubernetesArgs, parseKubernetesArgs } from '../../activities/backends/kubernetes/queue-args.ts';
import { failsAs } from '../support/fails-as.ts';

test.each([
  ['nothing', undefined],
  ['null', null],
  ['an empty map', {}],
  ['a part of a Job', { spec: { backoffLimit: 3 } }],
  ['a Job', { apiVersion: 'batch/v1', kind: 'Job', metadata: { labels: { a: 'b' } }, spec: { template: {} } }],
  ['a Pod', { apiVersion: 'v1', kind: 'Pod', spec: { containers: [] } }],
  ['a pod’s containers', { apiVersion: 'v1', spec: { containers: [] } }],
  ['W&B’s namespace', { metadata: { namespace: 'ml' } }],
  ['the restart policy that it is anyway', { spec: { template: { spec: { restartPolicy: 'Never' } } } }],
  ['the same of a pod', { spec: { containers: [], restartPolicy: 'Never' } }],
  [
    'everything else',
    {
      namespace: 'ml',
      context: 'prod@eu',
      container: 'train',
      checkpoints: { claimName: 'disk', mountPath: '/a/b', subPath: 'x/y' },
      code: { claimName: 'disk', subPath: 'z' },
      nodeLossTolerationSeconds: 0,
      startTolerationSeconds: 0,
    },
  ],
])('a queue may say %s', (_, args) => {
  expect(checkKubernetesArgs(args)).toEqual([]);
});

test('a queue that says nothing gets the defaults', () => {
  expect(parseKubernetesArgs(undefined)).toEqual({ nodeLossTolerationSeconds: 30, gpuResource: 'nvidia.com/gpu' });
  expect(parseKubernetesArgs({ checkpoints: { claimName: 'disk' } }).checkpoints).toEqual({
    claimName: 'disk',
    mountPath: '/checkpoints',
    subPath: 'relaunch',
  });
  const code = { claimName: 'disk', subPath: 'relaunch-code' };
  expect(parseKubernetesArgs({ code: { claimName: 'disk' } }).code).toEqual(code);
});

const named = 'Jobs are named after their runs';
const policy = 'the launcher sets it, so that a preempted pod is not replaced behind its back';
const replacement = 'the launcher sets it: two pods of one run must not live at once';
const restart = 'it is Never: a new attempt is the launcher’s to start';
const kubernetesSets = 'Kubernetes sets it';

describe('what the launcher decides itself is refused by name, with what stood there and the reason', () => {
  test.each([
    ['a name', { metadata: { name: 'mine' } }, `metadata.name is "mine": ${named}`],
    ['a name of nothing', { metadata: { name: null } }, `metadata.name is null: ${named}`],
    ['a generated name', { metadata: { generateName: 'mine-' } }, `metadata.generateName is "mine-": ${named}`],
    [
      'a failure policy',
      { spec: { podFailurePolicy: { rules: [] } } },
      `spec.podFailurePolicy is {"rules":[]}: ${policy}`,
    ],
    [
      'a replacement policy',
      { spec: { podReplacementPolicy: 'TerminatingOrFailed' } },
      `spec.podReplacementPolicy is "TerminatingOrFailed": ${replacement}`,
    ],
    [
      'a time to live',
      { spec: { ttlSecondsAfterFinished: 60 } },
      'spec.ttlSecondsAfterFinished is 60: the launcher removes a Job when its end is recorded, not before',
    ],
    ['a selector', { spec: { selector: {} } }, `spec.selector is {}: ${kubernetesSets}`],
    ['a manual selector', { spec: { manualSelector: false } }, `spec.manualSelector is false: ${kubernetesSets}`],
    [
      'another controller',
      { spec: { managedBy: 'kueue.x-k8s.io/multikueue' } },
      'spec.managedBy is "kueue.x-k8s.io/multikueue": the launcher reads what the Job controller of Kubernetes writes',
    ],
    [
      'a restart policy',
      { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } },
      `spec.template.spec.restartPolicy is "OnFailure": ${restart}`,
    ],
    ['a pod’s name', { kind: 'Pod', metadata: { name: 'mine' }, spec: {} }, `metadata.name is "mine": ${named}`],
    [
      'a pod’s generated name',
      { metadata: { generateName: 'mine-' }, spec: { containers: [] } },
      `metadata.generateName is "mine-": ${named}`,
    ],
    [
      'a pod’s restart policy',
      { spec: { containers: [], restartPolicy: 'Always' } },
      `spec.restartPolicy is "Always": ${restart}`,
    ],
  ])('%s', (_, args, sentence) => {
    expect(checkKubernetesArgs(args)).toEqual([`resourceArgs.kubernetes.${sentence}`]);
  });

  test('all of it at once', () => {
    const args = { metadata: { name: 'a' }, spec: { selector: {}, ttlSecondsAfterFinished: 1 }, apiVersion: 'v1' };
    expect(checkKubernetesArgs(args).map((sentence) => sentence.split(' ')[0])).toEqual([
      'resourceArgs.kubernetes.apiVersion',
      'resourceArgs.kubernetes.metadata.name',
      'resourceArgs.kubernetes.spec.ttlSecondsAfterFinished',
      'resourceArgs.kubernetes.spec.selector',
    ]);
  });
});

describe('what is no manifest is refused by name', () => {
  const path = 'a relative path without ".."';
  test.each([
    ['a key that nobody knows', { replicas: 3 }, 'replicas is 3: not a known field'],
    [
      'a key of checkpoints that nobody knows',
      { checkpoints: { claimName: 'd', path: '/x' } },
      'checkpoints.path is "/x": not a known field',
    ],
    ['checkpoints of no claim', { checkpoints: {} }, 'checkpoints.claimName is missing'],
    [
      'a relative mount path',
      { checkpoints: { claimName: 'd', mountPath: 'x' } },
      'checkpoints.mountPath is "x": an absolute',
    ],
    ['a mount path of the root', { checkpoints: { claimName: 'd', mountPath: '/' } }, 'checkpoints.mountPath is "/"'],
    ['a mount path with a colon', { checkpoints: { claimName: 'd', mountPath: '/a:b' } }, 'checkpoints.mountPath'],
    [
      'an absolute sub-path',
      { checkpoints: { claimName: 'd', subPath: '/x' } },
      `checkpoints.subPath is "/x": ${path}`,
    ],
    [
      'a sub-path that climbs',
      { checkpoints: { claimName: 'd', subPath: 'a/../b' } },
      'checkpoints.subPath is "a/../b"',
    ],
    ['a namespace that is no name', { namespace: 'Team A' }, 'namespace is "Team A": lower-case letters, digits'],
    ['a container that is no name', { container: 'Main' }, 'container is "Main": lower-case letters, digits'],
    ['an empty context', { context: '' }, 'context is ""'],
    ['a negative time', { nodeLossTolerationSeconds: -1 }, 'nodeLossTolerationSeconds is -1'],
    ['a day and more', { startTolerationSeconds: 86_401 }, 'startTolerationSeconds is 86401'],
    ['half a second', { nodeLossTolerationSeconds: 0.5 }, 'nodeLossTolerationSeconds is 0.5'],
    ['another kind', { kind: 'JobSet' }, 'kind is "JobSet": Job or Pod'],
    [
      'another version of a Job',
      { apiVersion: 'batch/v2' },
      'apiVersion is "batch/v2": batch/v1: other kinds come later',
    ],
    ['the version of a pod for a Job', { apiVersion: 'v1' }, 'apiVersion is "v1": batch/v1'],
    ['the version of a Job for a pod', { kind: 'Pod', apiVersion: 'batch/v1' }, 'apiVersion is "batch/v1": v1'],
    ['a manifest that is text', { spec: 'spec: {}' }, 'spec is "spec: {}"'],
    ['metadata that are a list', { metadata: [] }, 'metadata is []'],
  ])('%s', (_, args, sentence) => {
    const issues = checkKubernetesArgs(args);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain(`resourceArgs.kubernetes.${sentence}`);
  });

  test.each([
    ['text', 'kind: Job'],
    ['a list', []],
    ['a number', 3],
  ])('%s', (_, args) => {
    expect(checkKubernetesArgs(args)).toEqual([expect.stringMatching(/^resourceArgs\.kubernetes is /)]);
  });

  test('a long value is cut', () => {
    expect(checkKubernetesArgs({ namespace: 'X'.repeat(500) }).join('\n').length).toBeLessThan(400);
  });
});

test('an attempt of a queue that is wrong is refused, with everything that is wrong', () => {
  const refused = () => parseKubernetesArgs({ metadata: { name: 'a' }, spec: { selector: {} } });
  expect(refused).toThrow(failsAs('AttemptRefused'));
  expect(refused).toThrow(/metadata\.name.*\n.*spec\.selector/);
});

describe('where the Jobs of a queue go', () => {
  const clusters = new Clusters({ owner: 'owner-1' });

  test.each([
    ['wherever the agent is', undefined, '@'],
    ['to a namespace', { namespace: 'ml' }, 'ml@'],
    ['to that of the manifest, as W&B has it', { metadata: { namespace: 'ml' } }, 'ml@'],
    ['to that of a pod’s manifest', { kind: 'Pod', metadata: { namespace: 'ml' } }, 'ml@'],
    [
      'to the namespace that the queue says over that of the manifest',
      { namespace: 'a', metadata: { namespace: 'b' } },
      'a@',
    ],
    ['to another cluster', { context: 'prod' }, '@prod'],
    ['to a cluster of an odd name', { namespace: 'ml', context: 'admin@prod' }, 'ml@admin@prod'],
  ])('%s', (_, args, place) => {
    expect(clusters.placeOf(args)).toBe(place);
  });

  // Elsewhere a namespace is checked; here `a@b` would be read as a context, and a number as none.
  test.each([['a@b'], ['Team A'], [7]])('a namespace of the manifest that is no name (%j) is refused', (namespace) => {
    expect(checkKubernetesArgs({ metadata: { namespace } })).toEqual([
      expect.stringContaining('resourceArgs.kubernetes.metadata.namespace'),
    ]);
  });
});
