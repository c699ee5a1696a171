/** `PENDING_ACTIVITY_STATE_SCHEDULED`: https://github.com/temporalio/api/blob/master/temporal/api/enums/v1/workflow.proto */
const scheduled = 1;

/** As Temporal describes what a workflow waits for. */
export interface PendingActivity {
  activityType?: { name?: string | null } | null;
  state?: number | null;
}

/** Whether nobody has it in hand. */
export const isInNobodysHands = ({ state }: PendingActivity): boolean => state === scheduled;

/** Whether nobody has an activity in hand that is to be done. `pending`: what Temporal says of the workflow. */
export const isScheduled = (pending: readonly PendingActivity[] | null | undefined, activity: string): boolean =>
  (pending ?? []).some((each) => each.activityType?.name === activity && isInNobodysHands(each));
