import { formatIssues, type FieldIssue } from '../../contracts/issues.ts';

/** What is wrong with `resourceArgs.<backend>` of a queue, a sentence for each field. */
export function argsIssues(backend: string, issues: readonly FieldIssue[]): string[] {
  return issues.map((issue) => {
    const path = ['resourceArgs', backend, issue.path].filter((part) => part !== '').join('.');
    return formatIssues([{ ...issue, path }]);
  });
}
