import type { ArgsRules } from '../../contracts/merge-queue.ts';
import { fieldIssue } from '../../contracts/issues.ts';

/** Of a backend that leaves submitters nothing, and has no shares of a machine to give. */
export const noSubmitterArgs = (backend: string): ArgsRules => ({
  overlayOf: (given) => ({
    issues: Object.keys(given).map((key) => fieldIssue([key], given, 'only the admin of the queue may set it')),
  }),
  opened: () => [],
  merge: (base, { resources }) => {
    const rule = `backend "${backend}" gives its runs no share of the machine: leave it out`;
    const issues = Object.keys(resources).map((key) => ({
      ...fieldIssue([key], resources, rule),
      path: `resources.${key}`,
    }));
    return issues.length > 0 ? { issues } : { args: base };
  },
});
