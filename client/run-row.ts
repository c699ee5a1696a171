import type { WorkflowExecutionInfo } from '@temporalio/client';
import { runIdOf } from '../contracts/names.ts';
import type { RunState } from '../contracts/run-result.ts';
import { searchAttribute } from '../contracts/search-attributes.ts';

/** `terminated`: ended in Temporal, past the run's own code. */
export type ShownState = RunState | 'terminated';

/** What Temporal knows of a run without asking it. All texts are the submitter's. */
export interface RunRow {
  id: string;
  workflowId: string;
  name: string | undefined;
  state: ShownState;
  queue: string | undefined;
  project: string | undefined;
  user: string | undefined;
  attempt: number | undefined;
  tags: string[];
  /** The sweep that it is a trial of. */
  sweep: string | undefined;
  /** `vision/digits`: that it is a run of. */
  job: string | undefined;
  startedAt: Date;
  closedAt: Date | undefined;
}

/** What Temporal's description of a workflow says about the run. */
export function rowOf(info: Omit<WorkflowExecutionInfo, 'raw' | 'searchAttributes'>): RunRow {
  const attributes = info.typedSearchAttributes;
  const name = info.memo?.['name'];
  return {
    id: runIdOf(info.workflowId),
    workflowId: info.workflowId,
    name: typeof name === 'string' ? name : undefined,
    state: stateOf(info.status.name, attributes.get(searchAttribute.state)),
    queue: attributes.get(searchAttribute.queue),
    project: attributes.get(searchAttribute.project),
    user: attributes.get(searchAttribute.user),
    attempt: attributes.get(searchAttribute.attempt),
    tags: attributes.get(searchAttribute.tags) ?? [],
    sweep: attributes.get(searchAttribute.sweep),
    job: attributes.get(searchAttribute.job),
    startedAt: info.startTime,
    closedAt: info.closeTime,
  };
}

/** The closing status wins: the run's own word may be missing where it was ended from outside. */
function stateOf(closing: WorkflowExecutionInfo['status']['name'], own: string | undefined): ShownState {
  switch (closing) {
    case 'COMPLETED':
      return 'succeeded';
    case 'CANCELLED':
      return 'cancelled';
    case 'TERMINATED':
      return 'terminated';
    case 'TIMED_OUT':
      return 'timed-out';
    case 'FAILED':
      return own === 'timed-out' ? 'timed-out' : 'failed';
    default:
      return (own ?? 'queued') as RunState;
  }
}
