import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { launchWorkflowType } from '../../contracts/messages.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { failedTasksIn } from './failed-tasks.ts';

/** Starts `launch` with payloads that no client would send. */
export async function startRaw(client: Client, workflowId: string, payloads: Payload[]): Promise<WorkflowHandle> {
  await client.workflowService.startWorkflowExecution({
    namespace: client.options.namespace,
    workflowId,
    workflowType: { name: launchWorkflowType },
    taskQueue: { name: controlTaskQueue },
    input: { payloads },
    requestId: randomUUID(),
  });
  return client.workflow.getHandle(workflowId);
}

/** Sends a signal whose payloads, and headers, may be anything. */
export async function signalRaw(
  client: Client,
  workflowId: string,
  signalName: string,
  payloads: Payload[],
): Promise<void> {
  await client.workflowService.signalWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    signalName,
    input: { payloads },
    header: { fields: { [signalName]: payloads[0] ?? {} } },
    requestId: randomUUID(),
  });
}

/** Why workflow tasks of a run failed, or that they took too long. */
export async function failedTasks(handle: WorkflowHandle): Promise<string[]> {
  const events = (await handle.fetchHistory()).events ?? [];
  const late = events.filter((event) => event.workflowTaskTimedOutEventAttributes != null);
  return [...failedTasksIn(events), ...late.map(() => 'timed out')];
}
