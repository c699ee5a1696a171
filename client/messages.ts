import { WorkflowNotFoundError, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { cancelSignal, extendRunTimeoutUpdate, preemptSignal, type Request } from '../contracts/messages.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { describe } from './runs.ts';
import { asking } from './temporal-errors.ts';

/** Ends a run, whatever it does. Returns when it was told, not when it has ended. @throws ClientError run-not-found, run-ended */
export async function cancel(relaunch: Relaunch, workflowId: string, request: Request): Promise<void> {
  await tell(relaunch, workflowId, (handle) => handle.signal(cancelSignal, request));
}

/** Gives the run's machine back: it ends within its grace period and goes on from the back of its queue. @throws ClientError run-not-found, run-ended */
export async function preempt(relaunch: Relaunch, workflowId: string, request: Request): Promise<void> {
  await tell(relaunch, workflowId, (handle) => handle.signal(preemptSignal, request));
}

/** Lets a run go on for `byMs` longer than so far. Answers its new limit in ms. @throws ClientError bad-input beyond the queue's bound */
export function extendRunTimeout(relaunch: Relaunch, workflowId: string, byMs: number): Promise<number> {
  return update(relaunch, workflowId, extendRunTimeoutUpdate, [{ byMs }]);
}

/** Asks a workflow to change. @throws ClientError bad-input with what it says where it refuses; run-not-found, run-ended */
export async function update<R, A extends unknown[]>(
  relaunch: Relaunch,
  workflowId: string,
  definition: UpdateDefinition<R, A>,
  args: A,
): Promise<R> {
  try {
    // The SDK has a signature for updates with arguments and one for those without, and none for both.
    const any = definition as unknown as UpdateDefinition<R, [unknown]>;
    return await tell(relaunch, workflowId, (handle) =>
      handle.executeUpdate(any, { args: args as unknown as [unknown] }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const reason = error.cause?.message ?? error.message;
    throw new ClientError('bad-input', `"${workflowId}" refused ${definition.name}: ${reason}`, { cause: error });
  }
}

async function tell<T>(
  relaunch: Relaunch,
  workflowId: string,
  what: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> {
  const { temporal, settings } = relaunch;
  return asking(settings, workflowId, async () => {
    try {
      return await what(temporal.workflow.getHandle(workflowId));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const { state } = await describe(relaunch, workflowId);
      throw new ClientError('run-ended', `"${workflowId}" has ended already: ${state}.`, { cause: error });
    }
  });
}
