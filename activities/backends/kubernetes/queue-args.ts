import { z } from 'zod';
import { RelaunchError } from '../../../contracts/failures.ts';
import { fieldIssues, type FieldIssue } from '../../../contracts/issues.ts';
import { argsIssues } from '../args-issues.ts';

const dnsLabel = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and "-"');

/** A PersistentVolumeClaim of the namespace. */
const claimName = z.string().min(1);
/** A directory on its volume. */
const subPath = z.string().regex(/^(?!\/)(?!.*\.\.).+$/, 'a relative path without ".."');

/** `resourceArgs.kubernetes` of a queue: where its Jobs go, and the manifest that all of them start from. */
const kubernetesArgs = z.strictObject({
  /** Default: `metadata.namespace`, else that of the context. */
  namespace: dnsLabel.optional(),
  /** Of the agent's kubeconfig. Default: the agent's. */
  context: z.string().min(1).optional(),
  /** The container that gets the run's image, command and environment. Default: the one named `main`, else the first. */
  container: dnsLabel.optional(),
  /** What `resources.gpu` of a launch counts. */
  gpuResource: z.string().min(1).default('nvidia.com/gpu'),
  /** A volume on which each run has a directory that lasts over its attempts: RELAUNCH_CHECKPOINT_DIR. */
  checkpoints: z
    .strictObject({
      claimName,
      /** Where jobs find it. */
      mountPath: z
        .string()
        .regex(/^\/[^:]+$/, 'an absolute path without ":"')
        .default('/checkpoints'),
      /** The directory on the volume above those of the runs. */
      subPath: subPath.default('relaunch'),
    })
    .optional(),
  /** A volume that code is mounted from on images that are not made of it: agents put it there, jobs may read it. */
  code: z
    .strictObject({
      claimName,
      /** The directory on the volume above all that agents put there. */
      subPath: subPath.default('relaunch-code'),
    })
    .optional(),
  /** How long a pod stays on a node that does not answer, before Kubernetes gives it up; seconds, default 30. */
  nodeLossTolerationSeconds: z.int().min(0).default(30),
  /** How long an image, a secret or a config map that cannot be had is tried for; seconds, default 120. */
  startTolerationSeconds: z.int().min(0).max(86_400).optional(),
  apiVersion: z.string().optional(),
  /** A Job, whole or in part; or a Pod, whose metadata and spec become the Job's template. */
  kind: z.enum(['Job', 'Pod'], 'Job or Pod').optional(),
  metadata: z.object({ namespace: dnsLabel.optional() }).catchall(z.json()).optional(),
  spec: z.record(z.string(), z.json()).optional(),
});
export type KubernetesArgs = z.output<typeof kubernetesArgs>;

/** What the launcher decides itself, with the reason. */
const refusedFields: readonly (readonly [path: string, rule: string])[] = [
  ['metadata.name', 'Jobs are named after their runs'],
  ['metadata.generateName', 'Jobs are named after their runs'],
  ['spec.podFailurePolicy', 'the launcher sets it, so that a preempted pod is not replaced behind its back'],
  ['spec.podReplacementPolicy', 'the launcher sets it: two pods of one run must not live at once'],
  ['spec.ttlSecondsAfterFinished', 'the launcher removes a Job when its end is recorded, not before'],
  ['spec.selector', 'Kubernetes sets it'],
  ['spec.manualSelector', 'Kubernetes sets it'],
  ['spec.managedBy', 'the launcher reads what the Job controller of Kubernetes writes'],
  ['spec.template.spec.restartPolicy', 'it is Never: a new attempt is the launcher’s to start'],
];

/** What is wrong with `resourceArgs.kubernetes`, a sentence for each field; empty: nothing. */
export function checkKubernetesArgs(args: unknown): string[] {
  const read = readKubernetesArgs(args);
  return 'issues' in read ? argsIssues('kubernetes', read.issues) : [];
}

/** @throws RelaunchError AttemptRefused where the queue's arguments are not valid */
export function parseKubernetesArgs(args: unknown): KubernetesArgs {
  const read = readKubernetesArgs(args);
  if ('args' in read) return read.args;
  throw new RelaunchError('AttemptRefused', argsIssues('kubernetes', read.issues).join('\n'));
}

export function readKubernetesArgs(given: unknown): { args: KubernetesArgs } | { issues: FieldIssue[] } {
  const parsed = kubernetesArgs.safeParse(given ?? {});
  if (!parsed.success) return { issues: fieldIssues(parsed.error, given) };
  const issues = refusedIn(parsed.data);
  return issues.length > 0 ? { issues } : { args: parsed.data };
}

function refusedIn(args: KubernetesArgs): FieldIssue[] {
  const issues = isPodManifest(args)
    ? refusedFields
        .filter(([path]) => path.startsWith('spec.template.spec.') || path.startsWith('metadata.'))
        .map(([path, rule]) => [path.replace('spec.template.', ''), rule] as const)
    : refusedFields;
  return [
    ...apiVersionIssues(args),
    ...issues.flatMap(([path, rule]) => {
      const value = at(args, path.split('.'));
      const isDefault = path.endsWith('restartPolicy') && value === 'Never';
      return value === undefined || isDefault ? [] : [{ path, value: JSON.stringify(value), rule }];
    }),
  ];
}

function apiVersionIssues(args: KubernetesArgs): FieldIssue[] {
  const wanted = isPodManifest(args) ? 'v1' : 'batch/v1';
  const { apiVersion = wanted } = args;
  if (apiVersion === wanted) return [];
  return [{ path: 'apiVersion', value: JSON.stringify(apiVersion), rule: `${wanted}: other kinds come later` }];
}

/** Whether the manifest is a pod's: it says so, or has a pod's containers. */
export function isPodManifest({ kind, spec }: KubernetesArgs): boolean {
  return kind === 'Pod' || (kind === undefined && spec !== undefined && 'containers' in spec);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner !== null && typeof inner === 'object' ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}
