import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from '../contracts/messages.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { cancel } from './messages.ts';
import { result } from './result.ts';
import { describe } from './runs.ts';
import { asking } from './temporal-errors.ts';

/**
 * A server that is told to delete what it is not done with tries again, with a back-off that grows to minutes, and all later deletions wait
 * behind it. With our settings it is done within two seconds.
 */
const settledMs = 2_500;

/**
 * Deletes a run: cancels it if it goes on, waits for its end, and has Temporal delete it, which it does in the background. A janitor
 * of its queue then removes its records, logs and checkpoint, and its id is free again. @throws ClientError run-not-found; temporal-refused
 */
export async function remove(relaunch: Relaunch, workflowId: string, request: Request): Promise<void> {
  let { closedAt } = await describe(relaunch, workflowId);
  if (closedAt === undefined) {
    await end(relaunch, workflowId, request);
    ({ closedAt } = await describe(relaunch, workflowId));
  }
  await settled(closedAt);
  const { entity: namespace } = relaunch.settings;
  await asking(relaunch.settings, workflowId, async () => {
    for (const runId of await executionsOf(relaunch, workflowId)) {
      const workflowExecution = { workflowId, runId };
      await relaunch.temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    }
  });
}

/** Waits until the server may be done with the end. */
async function settled(closedAt = new Date()): Promise<void> {
  const goneMs = Math.min(Math.max(0, Date.now() - closedAt.getTime()), settledMs);
  await sleep(settledMs - goneMs);
}

/** Cancels a run or a sweep and waits for its end, however it comes. */
export async function end(relaunch: Relaunch, workflowId: string, request: Request): Promise<void> {
  try {
    await cancel(relaunch, workflowId, request);
    await result(relaunch, workflowId);
  } catch (error) {
    if (!(error instanceof ClientError && ['run-ended', 'run-terminated'].includes(error.code))) throw error;
  }
}

/** The latest, and those that were reset. Visibility may not know them all yet, and cannot match every id. */
async function executionsOf({ temporal }: Relaunch, workflowId: string): Promise<Set<string>> {
  const { runId } = await temporal.workflow.getHandle(workflowId).describe();
  const found = new Set([runId]);
  if (/[\\"]/.test(workflowId)) return found;
  const query = `WorkflowId = '${workflowId.replace(/'/g, "\\'")}'`;
  for await (const execution of temporal.workflow.list({ query })) found.add(execution.runId);
  return found;
}
