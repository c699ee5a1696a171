import type { WorkflowHandle } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { Cluster } from '../support/cluster.ts';

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** What Temporal recorded of a workflow. */
export async function eventsOf({ relaunch }: Cluster, workflowId: string): Promise<Event[]> {
  return (await relaunch.temporal.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

export const signalsIn = (events: readonly Event[], name: string): number =>
  events.filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === name).length;

/** How often an activity was scheduled; its retries are not in the history. */
export const scheduledIn = (events: readonly Event[], activity: string): number =>
  events.filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity).length;

/** When each submit stood in its queue, by the server's clock; `again`: it was handed out more than once, so that the time says nothing. */
export function waitsIn(events: readonly Event[]): { fromMs: number; toMs: number; again: boolean }[] {
  return events.flatMap(({ eventId, eventTime, activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== 'submitAttempt') return [];
    const started = events.find(
      (event) => String(event.activityTaskStartedEventAttributes?.scheduledEventId) === String(eventId),
    );
    const again = (started?.activityTaskStartedEventAttributes?.attempt ?? 1) > 1;
    return [{ fromMs: tsToMs(eventTime), toMs: started === undefined ? Infinity : tsToMs(started.eventTime), again }];
  });
}
