import { imageFields, imageSpec, type ImageSpec, type Mounting } from '../contracts/image-spec.ts';
import { fieldIssue, type FieldIssue } from '../contracts/issues.ts';
import type { LaunchSpec } from '../contracts/launch-spec.ts';
import type { Plan } from '../contracts/plan.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';
import { givenAs } from '../contracts/source.ts';
import type { Backend } from './backends/backend.ts';

/** How code gets into a container: an image is made of it, or it is mounted on one. Neither, where nothing has to. */
export type WayOfCode = Pick<Plan, 'build' | 'mounted'>;

/** Where a launch is to run. */
interface Place {
  backend: Pick<Backend, 'name' | 'sources' | 'whyUnmounted'>;
  queue: Pick<QueueSpec, 'builder' | 'resourceArgs'>;
  /** Of an agent that makes no images. */
  mounting: Mounting | undefined;
}

/** Code, on a backend that runs images. */
export const goesIntoContainer = ({ source }: LaunchSpec, sources: Backend['sources']): boolean =>
  source.image === undefined && !sources.includes('code') && sources.includes('image');

/** How code gets into a container. What would do nothing, or cannot be done, is an issue. */
export function wayOfCode(spec: LaunchSpec, { backend, queue, mounting }: Place, issues: FieldIssue[]): WayOfCode {
  const asked = imageSpec.parse(Object.fromEntries(imageFields.map((field) => [field, spec[field]])));
  const { name, sources } = backend;
  if (!goesIntoContainer(spec, sources)) {
    const why =
      spec.source.image === undefined ? `backend "${name}" runs code as it is` : 'the source is an image already';
    for (const field of imageFields.filter((each) => !isEmpty(asked[each])))
      issues.push(fieldIssue([field], spec, `not allowed: ${why}`));
    return {};
  }
  const merged = { ...asked, builder: { ...queue.builder, ...asked.builder } };
  const isMounted = asked.baseImage !== undefined || mounting !== undefined;
  if (asked.builder.baseImage !== undefined && (asked.baseImage !== undefined || mounting === undefined))
    issues.push(fieldIssue(['builder', 'baseImage'], spec, unusedBase));
  if (!isMounted) return { build: merged };
  const why = backend.whyUnmounted(queue.resourceArgs[name] ?? {});
  issues.push(...(asked.baseImage === undefined ? unbuiltIssues(spec, merged, why) : mountIssues(spec, why)));
  return { mounted: { spec: merged, by: asked.baseImage === undefined ? (mounting ?? {}) : {} } };
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

const unusedBase = 'for agents whose builder has type none; another base image is baseImage (-B)';

function mountIssues(spec: LaunchSpec, whyUnmounted: string | undefined): FieldIssue[] {
  if (whyUnmounted === undefined) return [];
  const way = 'leave it out, and an image is built; or launch one that is there (-d IMAGE)';
  return [fieldIssue(['baseImage'], spec, `no code can be mounted on it: ${whyUnmounted}; ${way}`)];
}

/** What an agent without images cannot do. */
function unbuiltIssues(
  spec: LaunchSpec,
  { dockerfile, builder }: ImageSpec,
  whyUnmounted: string | undefined,
): FieldIssue[] {
  const unbuilt = 'the agents of this queue build no images (builder.type is none)';
  const fix = 'give them `builder: {type: docker}`';
  if (whyUnmounted !== undefined) {
    const rule = `${unbuilt}, and no code can be mounted on one: ${whyUnmounted}; ${fix}, or launch a finished image (-d IMAGE)`;
    return [fieldIssue(['source', givenAs(spec.source)], spec, rule)];
  }
  const { acceleratorImage } = builder;
  const withBase = `${unbuilt}; ${fix}, or launch with a baseImage (-B)`;
  return [
    ...(dockerfile === undefined
      ? []
      : [fieldIssue(['dockerfile'], spec, `${withBase} or a finished image (-d IMAGE)`)]),
    ...(acceleratorImage === undefined
      ? []
      : [fieldIssue(['builder', 'acceleratorImage'], { builder: { acceleratorImage } }, withBase)]),
  ];
}
