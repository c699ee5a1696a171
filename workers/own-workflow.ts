import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { OwnWorkflow } from '../activities/dependencies.ts';
import { observedSignal } from '../contracts/messages.ts';

/** What activities ask Temporal about the workflow that they work for. */
export function ownWorkflow(client: Client): OwnWorkflow {
  return {
    observed: async (workflowId, runId, seen) => {
      try {
        await client.workflow.getHandle(workflowId, runId).signal(observedSignal, seen);
      } catch (error) {
        // Nobody is left to tell.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    find: async (workflowId, runId) => {
      try {
        const { status, raw, runId: own } = await client.workflow.getHandle(workflowId, runId).describe();
        return { open: status.name === 'RUNNING', firstRunId: raw.workflowExecutionInfo?.firstRunId || own };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },
  };
}
