import { launchWorkflowType } from '../contracts/messages.ts';
import type { RunState } from '../contracts/run-result.ts';
import { searchAttribute } from '../contracts/search-attributes.ts';
import type { RunRow } from './run-row.ts';

/** Which runs. Fields that are absent do not matter. */
export interface RunFilter {
  queue?: string | undefined;
  state?: RunState | readonly RunState[] | undefined;
  user?: string | undefined;
  project?: string | undefined;
  tag?: string | undefined;
  sweep?: string | undefined;
  /** `vision/digits`, whichever version. */
  job?: string | undefined;
  /** More, in Temporal's own query language: `StartTime > "2026-01-01T00:00:00Z"`. */
  query?: string | undefined;
}

/** A filter in Temporal's query language. Values are quoted: none of them can say more than itself. */
export function runQuery(filter: RunFilter): string {
  const states = filter.state === undefined ? undefined : [filter.state].flat();
  const conditions = [
    `WorkflowType = ${quote(launchWorkflowType)}`,
    ...equals(searchAttribute.queue.name, filter.queue),
    ...equals(searchAttribute.user.name, filter.user),
    ...equals(searchAttribute.project.name, filter.project),
    ...equals(searchAttribute.tags.name, filter.tag),
    ...equals(searchAttribute.sweep.name, filter.sweep),
    ...equals(searchAttribute.job.name, filter.job),
    ...(states === undefined ? [] : [`${searchAttribute.state.name} IN (${states.map(quote).join(', ')})`]),
    ...(filter.query === undefined ? [] : [`(${filter.query})`]),
  ];
  return conditions.join(' AND ');
}

/**
 * Servers up to 1.32 cannot express a value with a backslash or a double quote (they escape it once more than they unescape it):
 * such a one is asked for by what comes before, and the caller looks closer with {@link matches}.
 */
function equals(name: string, value: string | undefined): string[] {
  if (value === undefined) return [];
  const speakable = /^[^\\"]*/.exec(value)?.[0] ?? '';
  if (speakable === value) return [`${name} = ${quote(value)}`];
  return speakable === '' || name === searchAttribute.tags.name ? [] : [`${name} STARTS_WITH ${quote(speakable)}`];
}

const quote = (value: string): string => `'${value.replace(/'/g, "\\'")}'`;

/** Whether a run is one of those a filter means, as far as its fields tell. */
export function matches(
  run: Pick<RunRow, 'queue' | 'user' | 'project' | 'tags' | 'sweep' | 'job'>,
  { queue, user, project, tag, sweep, job }: RunFilter,
): boolean {
  return (
    (queue === undefined || run.queue === queue) &&
    (user === undefined || run.user === user) &&
    (project === undefined || run.project === project) &&
    (tag === undefined || run.tags.includes(tag)) &&
    (sweep === undefined || run.sweep === sweep) &&
    (job === undefined || run.job === job)
  );
}
