import type { Client } from '@temporalio/client';

/** Where the time from `submit` to the process went: spans of one launch, in ms, in their order. */
export const stageNames = [
  'client: check, pack, start the workflow',
  'resolve: first workflow task, activity',
  'place: second workflow task, wait in the queue',
  'start: claim, unpack, process',
] as const;
export type Stages = Record<(typeof stageNames)[number], number>;

/** Read from the history, whose times are the server's: the same machine's clock. */
export async function stagesOf(
  client: Client,
  workflowId: string,
  calledAt: number,
  startedAt: number,
): Promise<Stages> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const all = events ?? [];
  const scheduledAs = (name: string) =>
    all.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === name)?.eventId;
  const of = (name: string, kind: 'activityTaskStartedEventAttributes' | 'activityTaskCompletedEventAttributes') =>
    all.find((event) => event[kind]?.scheduledEventId?.equals(scheduledAs(name) ?? -1));
  const marks = [
    calledAt,
    timeOf(all[0]),
    timeOf(of('resolveLaunch', 'activityTaskCompletedEventAttributes')),
    timeOf(of('submitAttempt', 'activityTaskStartedEventAttributes')),
    startedAt,
  ];
  const spans = stageNames.map((name, i) => [name, (marks[i + 1] ?? NaN) - (marks[i] ?? NaN)]);
  return Object.fromEntries(spans) as Stages;
}

type HistoryEvent = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>['events']
>[number];

function timeOf(event: HistoryEvent | undefined): number {
  return Number(event?.eventTime?.seconds ?? NaN) * 1_000 + (event?.eventTime?.nanos ?? 0) / 1e6;
}
