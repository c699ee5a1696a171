import { z } from 'zod';
import { fieldIssue, fieldIssues, type FieldIssue } from '../../../contracts/issues.ts';
import type { Args, ArgsRules } from '../../../contracts/merge-queue.ts';
import { quantityOf, type Resources } from '../../../contracts/resources.ts';
import { withMain } from './job-manifest.ts';
import { isPodManifest, readKubernetesArgs, type KubernetesArgs } from './queue-args.ts';

type Map = Record<string, unknown>;

/** Domains in which a key decides what Kubernetes, its controllers or the launcher do with a pod. */
const reserved = /^([^/]*[.-]|)(relaunch\.dev|k8s\.io|kubernetes\.io)\//;

const ownKey = z
  .string()
  .max(317)
  .regex(
    /^([a-z0-9][a-z0-9.-]*\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    'a name, or one with a domain before it',
  )
  .refine((key) => !reserved.test(key), 'names of kubernetes.io, k8s.io and relaunch.dev are not a submitter’s');

const label = z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, 'what a label may be');

const amounts = z.record(
  z.string().regex(/^[a-z0-9][a-zA-Z0-9./-]{0,100}$/, 'a resource such as cpu, memory or nvidia.com/gpu'),
  z
    .union([z.number().nonnegative(), z.string()], 'a quantity')
    .refine(
      (value) => typeof value === 'number' || quantityOf(value) !== undefined,
      'a quantity such as 2, 500m or 16Gi',
    ),
);

const overlay = z.strictObject({
  /** Of the main container. */
  resources: z.strictObject({ requests: amounts.optional(), limits: amounts.optional() }).optional(),
  nodeSelector: z.record(z.string().min(1).max(317), label).optional(),
  /** Besides those of the queue. */
  tolerations: z
    .array(
      z.strictObject({
        // A pod that tolerates lost nodes would never be given up.
        key: ownKey,
        operator: z.enum(['Exists', 'Equal']).optional(),
        value: label.optional(),
        effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
        tolerationSeconds: z.int().min(0).optional(),
      }),
    )
    .max(50)
    .optional(),
  labels: z.record(ownKey, label).optional(),
  annotations: z.record(ownKey, z.string().max(10_000)).optional(),
  priorityClassName: z.string().min(1).max(253).optional(),
});
type Overlay = z.output<typeof overlay>;

const fields = Object.keys(overlay.shape);

/** What submitters may set of a pod: what it takes and where it goes, nothing by which it would get at the host, its node or credentials. */
export const kubernetesSubmitters: ArgsRules = {
  overlayOf: (given) => {
    const parsed = overlay.safeParse(given);
    if (parsed.success) return { overlay: parsed.data as Args };
    return { issues: fieldIssues(parsed.error, given).map(onlyAdmins) };
  },
  // Controllers hand out credentials, and admission decides, by labels and annotations.
  opened: (key) => {
    if (key === 'labels' || key === 'annotations' || key === 'priorityClassName') return 'listed';
    return key === 'resources' ? [['resources']] : [];
  },
  merge: (base, { resources, overlay: over }) => {
    const read = readKubernetesArgs(base);
    if ('issues' in read) return read;
    const own = over as Overlay;
    const issues = takenSelectors(read.args, own);
    if (issues.length > 0) return { issues };
    if (Object.keys(resources).length === 0 && Object.keys(own).length === 0) return { args: base };
    return { args: merged(base, read.args, resources, own) };
  },
};

const onlyAdmins = (issue: FieldIssue): FieldIssue =>
  issue.rule === 'not a known field' && !fields.includes(issue.path)
    ? { ...issue, rule: `only the admin of the queue may set it; a submitter may set ${fields.join(', ')}` }
    : issue;

/** On which nodes the queue's runs are is its own to say; a run may only choose among them. */
function takenSelectors(args: KubernetesArgs, { nodeSelector = {} }: Overlay): FieldIssue[] {
  const taken = mapOf(podOf(args).spec['nodeSelector']);
  return Object.entries(nodeSelector)
    .filter(([key, value]) => Object.hasOwn(taken, key) && taken[key] !== value)
    .map(([key]) =>
      fieldIssue(['nodeSelector', key], { nodeSelector }, `the queue says ${JSON.stringify(taken[key])}`),
    );
}

function merged(base: Args, args: KubernetesArgs, resources: Resources, over: Overlay): Args {
  const { metadata, spec } = podOf(args);
  const { labels, annotations, nodeSelector, tolerations = [], priorityClassName } = over;
  const { main, all } = withMain(listOf(spec['containers']), args);
  const named = {
    ...metadata,
    ...(labels === undefined ? {} : { labels: { ...mapOf(metadata['labels']), ...labels } }),
    ...(annotations === undefined ? {} : { annotations: { ...mapOf(metadata['annotations']), ...annotations } }),
  };
  const pod = {
    ...(Object.keys(named).length === 0 ? {} : { metadata: named }),
    spec: {
      ...spec,
      ...(nodeSelector === undefined ? {} : { nodeSelector: { ...mapOf(spec['nodeSelector']), ...nodeSelector } }),
      ...(tolerations.length === 0 ? {} : { tolerations: [...listOf(spec['tolerations']), ...tolerations] }),
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
      containers: all.map((container) =>
        container.name === main ? { ...container, ...resourcesOf(container, args, resources, over) } : container,
      ),
    },
  };
  if (isPodManifest(args)) return { ...base, kind: 'Pod', ...pod } as Args;
  return { ...base, spec: { ...args.spec, template: { ...mapOf(args.spec?.['template']), ...pod } } } as Args;
}

function resourcesOf(
  container: Map,
  { gpuResource }: KubernetesArgs,
  { cpu, memory, gpu }: Resources,
  over: Overlay,
): Map {
  const share = {
    ...(cpu === undefined ? {} : { cpu: `${String(Math.round(cpu * 1_000))}m` }),
    ...(memory === undefined ? {} : { memory: String(memory) }),
    ...(gpu === undefined ? {} : { [gpuResource]: String(gpu) }),
  };
  if (Object.keys(share).length === 0 && over.resources === undefined) return {};
  const given = mapOf(container['resources']);
  const requests = { ...mapOf(given['requests']), ...share, ...over.resources?.requests };
  const limits = { ...mapOf(given['limits']), ...share, ...over.resources?.limits };
  return { resources: { ...given, requests, limits } };
}

function podOf(args: KubernetesArgs): { metadata: Map; spec: Map } {
  const pod = isPodManifest(args) ? args : mapOf(args.spec?.['template']);
  return { metadata: mapOf(pod.metadata), spec: mapOf(pod.spec) };
}

const mapOf = (value: unknown): Map =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Map) : {};

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
