import { z } from 'zod';
import { sha256Hex, shortHash } from './hash.ts';

/** RFC 1123 label, as Kubernetes wants for names of objects. */
const rfc1123Label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Run ids leave room for `-a<n>` and a suffix of the backend's own within the 63 characters of a label value. */
const longestRunId = 50;

/** Ids of trials add a number, a hash and a count of reruns. */
const longestSweepId = 28;

/**
 * A name of a queue, an agent or an entity: what Kubernetes takes as a label value, since all of them become labels.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export const labelValue = z
  .string('a name')
  .regex(
    /^[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$/,
    'at most 63 characters of A-Z, a-z, 0-9, "-", "_", ".", beginning and ending with a letter or digit',
  );

/** Lower-case letters, digits and single dashes, at most `length` characters: the readable part of an id. */
export function slug(text: string, length: number): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, length)
    .replace(/^-+|-+$/g, '');
}

/** A readable part of at most `length` characters, where there is one, before what makes it unique. */
const slugged = (text: string, length: number, unique: string): string =>
  [slug(text, length), unique].filter((part) => part !== '').join('-');

/** The run's id: the workflow id where that may name objects everywhere, else a readable slug with a hash. */
export function runIdOf(workflowId: string): string {
  if (workflowId.length <= longestRunId && rfc1123Label.test(workflowId)) return workflowId;
  return slugged(workflowId, 30, shortHash(workflowId, 12));
}

/** The id of a sweep within the ids of its trials: short enough for their numbers. */
export function sweepIdOf(workflowId: string): string {
  if (workflowId.length <= longestSweepId && rfc1123Label.test(workflowId)) return workflowId;
  return slugged(workflowId, 14, shortHash(workflowId, 12));
}

/** A new workflow id: readable, and unique by eight random base32 characters that the caller brings. */
export function newWorkflowId(name: string, random: string): string {
  return slugged(name, 40, random);
}

/** A new id of a sweep: as {@link newWorkflowId}, and short enough for its trials' ids. */
export function newSweepId(name: string, random: string): string {
  return slugged(name, longestSweepId - 1 - random.length, random);
}

/** The workflow id of a launch with `--key`: the same project and key are the same run. */
export function keyedWorkflowId(project: string, key: string): string {
  return `key-${shortHash(JSON.stringify([project, key]), 26)}`;
}

/** The name of one attempt: of its Job, its container, its process directory. */
export function attemptName(run: string, attempt: number): string {
  return `${run}-a${String(attempt)}`;
}

/**
 * Tells apart attempts of the same name: from different entities or workflow ids, and from a workflow that was deleted before another one
 * got its id. `firstRunId`: of the workflow's first execution. 32 hex digits.
 */
export function attemptUid(entity: string, workflowId: string, firstRunId: string, attempt: number): string {
  return sha256Hex(JSON.stringify([entity, workflowId, firstRunId, attempt])).slice(0, 32);
}
