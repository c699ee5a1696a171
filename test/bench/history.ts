import type { Client } from '@temporalio/client';

type HistoryEvent = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>['events']
>[number];

/** Moments in ms since 1970 of the server's clock; NaN: it was not. */
export interface WorkflowTimes {
  startedAt: number;
  /** Of an activity that ran once. */
  activity(name: string): { startedAt: number; completedAt: number };
}

/** When the parts of a workflow were. */
export async function timesOf(client: Client, workflowId: string): Promise<WorkflowTimes> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const all = events ?? [];
  return {
    startedAt: timeOf(all[0]),
    activity: (name) => {
      const id = all.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === name)?.eventId;
      const of = (kind: 'activityTaskStartedEventAttributes' | 'activityTaskCompletedEventAttributes') =>
        timeOf(all.find((event) => event[kind]?.scheduledEventId?.equals(id ?? -1)));
      return {
        startedAt: of('activityTaskStartedEventAttributes'),
        completedAt: of('activityTaskCompletedEventAttributes'),
      };
    },
  };
}

function timeOf(event: HistoryEvent | undefined): number {
  return Number(event?.eventTime?.seconds ?? NaN) * 1_000 + (event?.eventTime?.nanos ?? 0) / 1e6;
}
