import { segmentsOf } from './json-pointer.ts';
import { isJsonMap } from './merge-maps.ts';
import { z } from 'zod';
import { fieldIssue, type FieldIssue } from './issues.ts';
import { launchSpec } from './launch-spec.ts';
import {
  allowedBy,
  boundFields,
  measureQuantity,
  violation,
  type Bounds,
  type Measure,
  type Violation,
} from './queue-bounds.ts';
import { queueIssue } from './queue-issue.ts';

const permissionRule = 'open, closed, or bounds: pattern, enum, minimum, maximum';

/** What a submitter may say of a field: anything, nothing, or what is within bounds. */
const permission = z.union([
  z.enum(['open', 'closed'], permissionRule),
  z
    .strictObject(boundFields, permissionRule)
    .refine((bounds) => Object.values(bounds).some((one) => one !== undefined), permissionRule),
]);
export type Permission = z.output<typeof permission>;

/** Of what no queue keeps: where a run waits and whose it is. Variables have bounds of their own. */
const alwaysOpen = ['queue', 'sweep', 'variables'];

/** `{<JSON pointer of a launch spec>: what a submitter may say there}`. A deeper pointer holds over a shallower. @see RFC 6901 */
export const allowMap = z
  .record(z.string().regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON pointer such as /source/image'), permission)
  .check(({ value, issues }) => {
    for (const [pointer, allowed] of Object.entries(value)) {
      const message = wrongPointer(segmentsOf(pointer), allowed);
      if (message !== undefined) issues.push({ code: 'custom', input: allowed, path: [pointer], message });
    }
  })
  .default({});
export type AllowMap = z.output<typeof allowMap>;

function wrongPointer([field = '', key]: string[], allowed: Permission): string | undefined {
  const schema = Object.hasOwn(launchSpec.shape, field)
    ? launchSpec.shape[field as keyof typeof launchSpec.shape]
    : undefined;
  if (schema === undefined) return `not a field of a launch: those are ${Object.keys(launchSpec.shape).join(', ')}`;
  if (field === 'variables') return 'what variables may be is said where they are declared: variables';
  if (alwaysOpen.includes(field)) return `${field} is no submitter's choice, but always said`;
  const parts = partsOf(schema);
  if (key !== undefined && parts === undefined) return `${field} has no parts`;
  if (key !== undefined && parts instanceof z.ZodObject && !Object.hasOwn(parts.shape, key))
    return `${field} has ${Object.keys(parts.shape).join(', ')}`;
  if (typeof allowed === 'string') return undefined;
  if (field === 'timeouts' || field === 'gracePeriod' || field === 'requeue')
    return `open or closed: the most that a run may ask for is what the queue says under ${field}`;
  if (key !== undefined || parts === undefined) return undefined;
  const example = parts instanceof z.ZodObject ? (Object.keys(parts.shape)[0] ?? '') : 'name';
  return `open or closed: bounds are of one of its values, such as /${field}/${example}`;
}

/** A field that is a map. */
function partsOf(schema: z.ZodType): z.ZodObject | z.ZodRecord | undefined {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap() as z.ZodType;
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord ? inner : undefined;
}

/** Pointers as a tree: what is allowed at a place, and below it. */
interface Allowed {
  here?: Permission;
  below: Map<string, Allowed>;
}

export interface Policy {
  queue: string;
  overrides: 'open' | 'closed';
  allow: AllowMap;
}

/** What of a submitted launch its queue does not allow: `submitted` has only what was said, as {@link launchSpec} has it. */
export function allowIssues(submitted: Readonly<Record<string, unknown>>, policy: Policy): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const root = treeOf(policy.allow);
  for (const [field, value] of Object.entries(submitted)) {
    if (alwaysOpen.includes(field) || (field === 'user' && !root.below.has(field))) continue;
    look(value, root.below.get(field), policy.overrides, [field]);
  }
  return issues;

  function look(value: unknown, allowed: Allowed | undefined, inherited: 'open' | 'closed', path: string[]): void {
    const here = allowed?.here ?? inherited;
    const refuse = (what: string, instead: string): void => {
      issues.push(queueIssue(policy.queue, fieldIssue(path, submitted, ''), { what, instead }));
    };
    if (typeof here !== 'string') {
      const wrong = violationAt(path, here, value);
      if (wrong !== undefined) refuse(`allowed are ${wrong.allowed}`, `Choose ${wrong.choose}`);
      return;
    }
    if (allowed !== undefined && allowed.below.size > 0 && isJsonMap(value)) {
      for (const [key, inner] of Object.entries<unknown>(value)) {
        if (inner !== undefined) look(inner, allowed.below.get(key), here, [...path, key]);
      }
      return;
    }
    if (here === 'closed') refuse('but runs of it may not set that', 'Leave it out');
  }
}

/** What the map says at a place, or below it. */
export const saidOf = (allow: AllowMap, place: readonly string[]): boolean =>
  Object.keys(allow).some((pointer) => {
    const segments = segmentsOf(pointer);
    return place.every((segment, i) => segment === segments[i]);
  });

/** Whether a place, or one above or below it, is closed or bounded. */
export const isNarrowed = (allow: AllowMap, place: readonly string[]): boolean =>
  Object.entries(allow).some(
    ([pointer, permission]) =>
      permission !== 'open' && segmentsOf(pointer).every((segment, i) => i >= place.length || segment === place[i]),
  );

function treeOf(allow: AllowMap): Allowed {
  const root: Allowed = { below: new Map() };
  for (const [pointer, here] of Object.entries(allow)) {
    let at = root;
    for (const segment of segmentsOf(pointer)) {
      const next: Allowed = at.below.get(segment) ?? { below: new Map() };
      at.below.set(segment, next);
      at = next;
    }
    at.here = here;
  }
  return root;
}

/** Docker's units are powers of 1024, and what is not above 0 means that there is no limit. */
const measureDocker: Measure = (value) => {
  if (typeof value === 'number') return value;
  const [, amount, unit = ''] =
    /^(-?\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(typeof value === 'string' ? value : '') ?? [];
  return amount === undefined
    ? undefined
    : Number(amount) * 1_024 ** ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase());
};

const measureAt = ([field, backend]: string[]): Measure =>
  field === 'resourceArgs' && backend === 'docker' ? measureDocker : measureQuantity;

function violationAt(path: string[], bounds: Bounds, value: unknown): Violation | undefined {
  const measure = measureAt(path);
  const isUnlimited = measure === measureDocker && bounds.maximum !== undefined && (measure(value) ?? 1) <= 0;
  return isUnlimited ? { allowed: allowedBy(bounds), choose: 'another value' } : violation(bounds, value, measure);
}
