import type { FieldIssue } from './issues.ts';

/** The file that a queue is kept in, in its store. */
export const queueFile = (queue: string): string => `queues/${queue}.yaml`;

/**
 * What a queue does not let a submitter say, in a sentence that names field, value, bound, queue and way out. `subject`: the field, where
 * that is not its path; `what`: what is allowed; `instead`: what to do about it.
 */
export function queueIssue(
  queue: string,
  issue: Omit<FieldIssue, 'rule'>,
  { subject = issue.path, what, instead }: { subject?: string; what: string; instead: string },
): FieldIssue {
  const is = issue.value === undefined ? 'is missing' : `is ${issue.value}`;
  const sentence = `queue "${queue}": ${subject} ${is}, ${what} (${queueFile(queue)}). ${instead} or ask the queue's owner.`;
  return { ...issue, rule: what, sentence };
}
