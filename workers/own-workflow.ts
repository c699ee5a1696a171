import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { OwnWorkflow } from '../activities/dependencies.ts';
import { observedSignal } from '../contracts/messages.ts';

/** What activities ask Temporal about the workflow that they work for. */
export function ownWorkflow(client: Client): OwnWorkflow {
  const describe = async (workflowId: string) => {
    try {
      return await client.workflow.getHandle(workflowId).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  };
  return {
    observed: async (workflowId, runId, seen) => {
      try {
        await client.workflow.getHandle(workflowId, runId).signal(observedSignal, seen);
      } catch (error) {
        // Nobody is left to tell.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    isOpen: async (workflowId) => (await describe(workflowId))?.status.name === 'RUNNING',
    firstRunId: async (workflowId) => (await describe(workflowId))?.raw.workflowExecutionInfo?.firstRunId ?? undefined,
  };
}
