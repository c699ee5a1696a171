import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { OwnWorkflow } from '../activities/dependencies.ts';
import { observedSignal, preemptSignal } from '../contracts/messages.ts';
import { isScheduled } from '../contracts/pending-activities.ts';

/** What activities ask Temporal about the workflow that they work for. */
export function ownWorkflow(client: Client): OwnWorkflow {
  return {
    observed: (workflowId, runId, seen) =>
      unlessGone(client.workflow.getHandle(workflowId, runId).signal(observedSignal, seen)),
    preempt: (workflowId, request) => unlessGone(client.workflow.getHandle(workflowId).signal(preemptSignal, request)),
    find: async (workflowId, runId) => {
      try {
        const { status, raw, runId: own } = await client.workflow.getHandle(workflowId, runId).describe();
        return {
          open: status.name === 'RUNNING',
          firstRunId: raw.workflowExecutionInfo?.firstRunId || own,
          waitsForSubmit: isScheduled(raw.pendingActivities, 'submitAttempt'),
        };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },
  };
}

async function unlessGone(telling: Promise<void>): Promise<void> {
  try {
    await telling;
  } catch (error) {
    // Nobody is left to tell.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
