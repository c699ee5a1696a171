import { jobEnvironment } from '../../../contracts/environment.ts';
import { RelaunchError } from '../../../contracts/failures.ts';
import { attemptName } from '../../../contracts/names.ts';
import type { Attempt } from '../backend.ts';
import { allLabelsOf, labelsOf } from '../labels.ts';
import { warningText } from '../words.ts';
import { annotation, finalizer } from './labels.ts';
import { literal } from './literal.ts';
import type { PullSecret } from './pull-secrets.ts';
import { isPodManifest, type KubernetesArgs } from './queue-args.ts';
import { storageOf, type MountedCode } from './storage.ts';

import { podSecrets, type PodSecrets } from './secrets.ts';

type Map = Record<string, unknown>;

/** What of an attempt makes its Job. */
type JobAttempt = Pick<Attempt, 'ref' | 'plan' | 'agent'>;

/** What an attempt has besides its plan. */
export interface JobParts {
  /** What its image is pulled with. */
  pull?: PullSecret | undefined;
  code?: MountedCode | undefined;
}

/**
 * The Job of an attempt: the queue's manifest, and in it the run. What decides whether a preemption is seen and a pod is started twice is
 * ours, whatever the manifest says; the API server checks the rest.
 */
export function jobOf(attempt: JobAttempt, args: KubernetesArgs, owner: string, parts: JobParts = {}): Map {
  const { ref } = attempt;
  const { pull, code } = parts;
  const labels = allLabelsOf(attempt, owner);
  const { metadata, spec } = jobManifest(args);
  const template = mapOf(spec['template']);
  const podSpec = mapOf(template['spec']);
  const containers = withMain(listOf(podSpec['containers']), args);
  const annotations = {
    [annotation.main]: containers.main,
    ...(pull === undefined ? {} : { [annotation.pulledAs]: `${pull.account}@${pull.host}` }),
    ...tolerationOf(args),
    ...(code === undefined ? {} : { [annotation.code]: code.subPath }),
    ...(code === undefined || code.warnings.length === 0 ? {} : { [annotation.warnings]: warningText(code.warnings) }),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata,
      name: attemptName(ref.run, ref.attempt),
      labels: { ...mapOf(metadata['labels']), ...labels },
      annotations: { ...mapOf(metadata['annotations']), ...annotations },
    },
    spec: {
      backoffLimit: 0,
      ...spec,
      podReplacementPolicy: 'Failed',
      // No rule on exit codes: a Job that is suspended, as Kueue does, would fail for good.
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      template: {
        ...template,
        metadata: podMetadata(mapOf(template['metadata']), labels, annotations),
        spec: { ...podSpecOf(podSpec, containers, attempt, args, code), ...pullSecretsOf(podSpec, pull) },
      },
    },
  };
}

function tolerationOf({ startTolerationSeconds: seconds }: KubernetesArgs): Record<string, string> {
  return seconds === undefined ? {} : { [annotation.startToleration]: String(seconds) };
}

/** Nothing runs under it, and nothing can any more: it stands where an attempt's Job would. */
export function tombstoneOf(ref: Attempt['ref'], owner: string): Map {
  const labels = labelsOf(ref, owner);
  const spec = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'never-started.invalid/none' }] };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: attemptName(ref.run, ref.attempt), labels, annotations: { [annotation.stopped]: 'true' } },
    spec: { suspend: true, backoffLimit: 0, template: { metadata: { labels }, spec } },
  };
}

function jobManifest(args: KubernetesArgs): { metadata: Map; spec: Map } {
  const { metadata = {}, spec = {} } = args;
  const { namespace: _namespace, ...rest } = metadata;
  return isPodManifest(args)
    ? { metadata: {}, spec: { template: { metadata: rest, spec } } }
    : { metadata: rest, spec };
}

function podMetadata(metadata: Map, labels: Map, annotations: Map): Map {
  return {
    ...metadata,
    labels: { ...mapOf(metadata['labels']), ...labels },
    annotations: { ...mapOf(metadata['annotations']), ...annotations },
    finalizers: [...new Set([...listOf(metadata['finalizers']), finalizer])],
  };
}

interface Containers {
  main: string;
  all: (Map & { name: unknown })[];
}

/** Those of the manifest, each with a name; one where there are none. */
export function withMain(containers: readonly unknown[], { container }: KubernetesArgs): Containers {
  const all = (containers.length === 0 ? [{}] : containers).map((one, i) => {
    const given = mapOf(one);
    return { ...given, name: given['name'] ?? (i === 0 ? (container ?? 'main') : `main-${String(i)}`) };
  });
  const names = all.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
  const main = container ?? (names.includes('main') ? 'main' : (names[0] ?? 'main'));
  if (names.includes(main)) return { main, all };
  const rule = `resourceArgs.kubernetes.container is "${main}": the manifest's containers are ${names.join(', ')}`;
  throw new RelaunchError('AttemptRefused', rule);
}

function podSpecOf(
  spec: Map,
  { main, all }: Containers,
  attempt: JobAttempt,
  args: KubernetesArgs,
  code: MountedCode | undefined,
): Map {
  const { plan } = attempt;
  const secrets = podSecrets(plan.secrets);
  const storage = storageOf(attempt.ref, args, code, listOf(spec['volumes']));
  const [volumes, mounts] = [
    [...storage.volumes, ...secrets.volumes],
    [...storage.mounts, ...secrets.volumeMounts],
  ];
  return {
    automountServiceAccountToken: false,
    ...spec,
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: Math.max(1, Math.ceil(plan.gracePeriodMs / 1_000)),
    tolerations: withNodeLoss(listOf(spec['tolerations']), args.nodeLossTolerationSeconds),
    ...(volumes.length === 0 ? {} : { volumes: [...listOf(spec['volumes']), ...volumes] }),
    ...(spec['initContainers'] === undefined
      ? {}
      : { initContainers: listOf(spec['initContainers']).map((one) => hardened(mapOf(one), spec)) }),
    containers: all.map((container) => {
      if (container.name !== main) return hardened(container, spec);
      return {
        ...hardened(container, spec),
        ...commandOf(attempt),
        // That of code is where its own paths count from, whatever the queue says.
        ...(code === undefined ? {} : { workingDir: code.workingDir }),
        env: environmentOf(listOf(container['env']), attempt, secrets, args.checkpoints?.mountPath),
        ...(mounts.length === 0 ? {} : { volumeMounts: [...listOf(container['volumeMounts']), ...mounts] }),
      };
    }),
  };
}

/** Ours first: where two have credentials for one registry, the kubelet tries them in this order. */
function pullSecretsOf(spec: Map, pull: PullSecret | undefined): Map {
  return pull === undefined ? {} : { imagePullSecrets: [{ name: pull.name }, ...listOf(spec['imagePullSecrets'])] };
}

/** What a container may do unless the queue says otherwise. */
const hardening = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const seccomp = { seccompProfile: { type: 'RuntimeDefault' } };

/** A container of a pod whose own security context may have chosen a profile already: that one it inherits. */
function hardened(container: Map, pod: Map): Map {
  const isChosen = mapOf(pod['securityContext'])['seccompProfile'] !== undefined;
  return { securityContext: { ...hardening, ...(isChosen ? {} : seccomp) }, ...container };
}

/** An entry point of the run's takes the place of the image's, with its arguments; arguments alone only take the place of those. */
function commandOf({ plan: { source, entrypoint, args } }: JobAttempt): Map {
  const words = (list: readonly string[]): string[] => list.map(literal);
  return {
    ...('image' in source ? { image: source.image } : {}),
    ...(entrypoint.length === 0 ? {} : { command: words(entrypoint), args: words(args) }),
    ...(entrypoint.length === 0 && args.length > 0 ? { args: words(args) } : {}),
  };
}

/** The run's variables over those of the manifest, which may come from secrets. */
function environmentOf(
  given: readonly unknown[],
  { plan, ref }: JobAttempt,
  secrets: PodSecrets,
  checkpointDir: string | undefined,
): Map[] {
  const texts = Object.entries(jobEnvironment({ plan, attempt: ref.attempt, checkpointDir }));
  const ours: Map[] = [...texts.map(([name, value]) => ({ name, value: literal(value) })), ...secrets.env];
  const names = new Set(ours.map(({ name }) => name));
  return [...given.map(mapOf).filter(({ name }) => !names.has(name)), ...ours];
}

/** How long to stay on a node that is lost. A manifest that tolerates it in its own way keeps that. */
function withNodeLoss(given: readonly unknown[], tolerationSeconds: number): unknown[] {
  const ours = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready']
    .filter((key) => !given.some((one) => tolerates(mapOf(one), key)))
    .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
  return [...given, ...ours];
}

/** Whether a toleration says already how long to stay; without a key it speaks of all, without an effect of each. */
function tolerates({ key, effect }: Map, taint: string): boolean {
  const isOfAll = (value: unknown): boolean => value === undefined || value === null || value === '';
  return (key === taint || isOfAll(key)) && (effect === 'NoExecute' || isOfAll(effect));
}

const mapOf = (value: unknown): Map =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Map) : {};

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
