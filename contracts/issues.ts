import type { z } from 'zod';
import { withoutCredentials } from './url-credentials.ts';

/** One wrong field. */
export interface FieldIssue {
  /** Where, with dots: `requeue.max`. Empty: the value as a whole. */
  path: string;
  /** What stood there, as JSON cut to 80 characters, without credentials; undefined where nothing did. */
  value: string | undefined;
  /** What is allowed. */
  rule: string;
  /** All of it in words, where that says more than path, value and rule. */
  sentence?: string;
}

/** Every wrong field of a value that a schema refused, with what stood there: zod itself drops the values. */
export function fieldIssues(error: Pick<z.ZodError, 'issues'>, value: unknown): FieldIssue[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
      return fieldIssues({ issues: meant(issue.errors, issue.path) }, value);
    }
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => fieldIssue([...issue.path, key], value, 'not a known field'));
    }
    if (issue.code === 'invalid_key') {
      return issue.issues.map(({ message }) => fieldIssue(issue.path, value, message));
    }
    return [fieldIssue(issue.path, value, issue.message)];
  });
}

/** What is wrong by the one of several ways that fits best: where something within the value is wrong, the value is of the right kind. */
function meant(ways: z.core.$ZodIssue[][], path: readonly PropertyKey[]): z.core.$ZodIssue[] {
  const way = ways.find((issues) => issues.some((issue) => issue.path.length > 0)) ?? ways[0] ?? [];
  return way.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
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
  return { path: path.map(String).join('.'), value: text === undefined ? undefined : cut(shown(path, text), 80), rule };
}

/** Issues as people read them: one line each, `requeue.max is 9: at most 5`. */
export function formatIssues(issues: readonly FieldIssue[]): string {
  return issues
    .map(
      ({ path, value, rule, sentence }) =>
        sentence ?? `${path === '' ? 'it' : path} ${value === undefined ? 'is missing' : `is ${value}`}: ${rule}`,
    )
    .join('\n');
}

/** Keys whose values nobody is to see, whatever they are. */
const secretKey = /token|password|secret/i;

/** User and password before a host, where that is no URL: `user:password@host:path`. */
const beforeHost = /(?<=["\s]|:\/+)[^\s"/@]+:[^\s"/@]*@/g;

function shown(path: readonly PropertyKey[], text: string): string {
  if (secretKey.test(String(path.at(-1)))) return '****';
  return withoutCredentials(text).text.replace(beforeHost, '****@');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
