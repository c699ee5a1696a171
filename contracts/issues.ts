import type { z } from 'zod';

/** One wrong field. */
export interface FieldIssue {
  /** Where, with dots: `requeue.max`. Empty: the value as a whole. */
  path: string;
  /** What stood there, as JSON cut to 80 characters; undefined where nothing did. */
  value: string | undefined;
  /** What is allowed. */
  rule: string;
}

/** Every wrong field of a value that a schema refused, with what stood there: zod itself drops the values. */
export function fieldIssues(error: z.ZodError, value: unknown): FieldIssue[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => fieldIssue([...issue.path, key], value, 'not a known field'));
    }
    if (issue.code === 'invalid_key') {
      return issue.issues.map(({ message }) => fieldIssue(issue.path, value, message));
    }
    return [fieldIssue(issue.path, value, issue.message)];
  });
}

/** One wrong field, by its path in `value`. */
export function fieldIssue(path: readonly PropertyKey[], value: unknown, rule: string): FieldIssue {
  const found = path.reduce<unknown>(
    (inner, key) =>
      inner !== null && typeof inner === 'object' && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
  const text = JSON.stringify(found) as string | undefined;
  return { path: path.map(String).join('.'), value: text === undefined ? undefined : cut(text, 80), rule };
}

/** Issues as people read them: one line each, `requeue.max is 9: at most 5`. */
export function formatIssues(issues: readonly FieldIssue[]): string {
  return issues
    .map(
      ({ path, value, rule }) =>
        `${path === '' ? 'it' : path} ${value === undefined ? 'is missing' : `is ${value}`}: ${rule}`,
    )
    .join('\n');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
