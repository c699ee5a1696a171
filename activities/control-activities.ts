import type { ControlActivities } from '../contracts/activities.ts';
import { atBorder, callingWorkflow } from './border.ts';

/** What the control worker does for workflows. `cancel` asks Temporal to cancel one execution. */
export function controlActivities(cancel: (workflowId: string, runId: string) => Promise<void>): ControlActivities {
  return {
    cancelOwnWorkflow: atBorder(async () => {
      const { workflowId, runId } = callingWorkflow();
      await cancel(workflowId, runId);
    }),
  };
}
