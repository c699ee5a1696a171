import type { WorkflowHandle } from '@temporalio/client';

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/**
 * Tasks that the server fails and has done again, whatever the workflow does: UNHANDLED_COMMAND, where a signal came while the workflow
 * ended, and FORCE_CLOSE_COMMAND, where a hundred came during one task.
 */
const byServer: readonly unknown[] = [1, 17];

/** Why workflow tasks failed by themselves: none should, since one that does is tried again for ever. */
export const failedTasksIn = (events: Events): string[] =>
  events.flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed == null || byServer.includes(failed.cause)
      ? []
      : [failed.failure?.message || `cause ${String(failed.cause)}`],
  );
