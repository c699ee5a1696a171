import type { Client } from '@temporalio/client';
import { timesOf } from './history.ts';

/** Where the time from `submit` to the job went: spans of one launch, in ms, in their order. */
export const stageNames = [
  'client: check, pack, start the workflow',
  'resolve: first workflow task, activity',
  'place: second workflow task, wait in the queue',
  'start: claim, and what the backend does',
] as const;
export type Stages = Record<(typeof stageNames)[number], number>;

/** Read from the history, whose times are the server's: the same machine's clock. */
export async function stagesOf(
  client: Client,
  workflowId: string,
  calledAt: number,
  startedAt: number,
): Promise<Stages> {
  const times = await timesOf(client, workflowId);
  const marks = [
    calledAt,
    times.startedAt,
    times.activity('resolveLaunch').completedAt,
    times.activity('submitAttempt').startedAt,
    startedAt,
  ];
  const spans = stageNames.map((name, i) => [name, (marks[i + 1] ?? NaN) - (marks[i] ?? NaN)]);
  return Object.fromEntries(spans) as Stages;
}
