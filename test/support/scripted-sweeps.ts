import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { expect } from 'vitest';
import { statusQuery } from '../../contracts/messages.ts';
import { progressQuery, sweepWorkflowType } from '../../contracts/sweep-messages.ts';
import type { SweepSummary } from '../../contracts/sweep-plan.ts';
import { sweepResult, type SweepResult } from '../../contracts/sweep-result.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { payloadConverterPath } from '../../workers/bundle.ts';
import { createLogger } from '../../workers/logger.ts';
import { replaceOnce } from './replace-once.ts';
import { servedQueue } from './scripted-names.ts';
import { ScriptedServer } from './scripted-server.ts';

/** A grid over what its trials do: `values` of each key of scripted-trials.ts. */
export function gridOf(trials: Record<string, readonly unknown[]>, more: object = {}): object {
  return {
    method: 'grid',
    parameters: Object.fromEntries(Object.entries(trials).map(([name, values]) => [name, { values }])),
    launch: { queue: servedQueue, source: { code: { digest: 'a'.repeat(64) } }, entrypoint: ['x'] },
    ...more,
  };
}

/** So many trials are more than one history of these tests holds. */
export const longHistory = 110;

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The tests of this file run sweeps on a server of their own, with trials that do as their configuration says. */
export class ScriptedSweeps {
  readonly #server = new ScriptedServer(bundleTrials);
  #count = 0;

  get env(): TestWorkflowEnvironment {
    return this.#server.env;
  }

  /** `accepted`: with how many workers the agent lets it begin. */
  start(input: unknown, accepted: Partial<SweepSummary> = {}, ...more: unknown[]): Promise<WorkflowHandle> {
    const workflowId = `s-${String(++this.#count)}`;
    this.#server.agent.scriptSweep(workflowId, accepted);
    return this.env.client.workflow.start(sweepWorkflowType, {
      workflowId,
      taskQueue: controlTaskQueue,
      args: [input, ...more],
    });
  }
}

async function bundleTrials(): Promise<WorkflowBundle> {
  const bundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('scripted-trials.ts', import.meta.url)),
    payloadConverterPath,
    logger: createLogger('warn'),
  });
  // As if a history were long much sooner.
  return { ...bundle, code: replaceOnce(bundle.code, 'const mostEvents = 10000;', 'const mostEvents = 400;') };
}

/** Waits for a sweep that succeeds. */
export const resultOf = async (handle: WorkflowHandle): Promise<SweepResult> =>
  sweepResult.parse(await handle.result());

/**
 * Waits until a sweep is as it should be, and each of its trials so far has begun: on a slow machine a cancellation would meet first tasks that
 * nobody has taken, which this server never forgets. Time is not skipped meanwhile.
 */
export async function until(handle: WorkflowHandle, expected: object): Promise<void> {
  await expect.poll(() => handle.query(progressQuery), { timeout: 20_000 }).toMatchObject(expected);
  const { ids } = await trialsOf(handle);
  await Promise.all(ids.map((id) => handle.client.getHandle(id).query(statusQuery)));
}

/** The execution and those that it was handed on to, in their order. */
export async function executionsFrom(handle: WorkflowHandle): Promise<WorkflowHandle[]> {
  const { events } = await handle.fetchHistory();
  const next = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  if (!next) return [handle];
  return [handle, ...(await executionsFrom(handle.client.getHandle(handle.workflowId, next)))];
}

/** How many trials were in flight at most, and the ids of all, in the order of their start: from the sweep's history. */
export async function trialsOf(handle: WorkflowHandle): Promise<{ most: number; ids: string[] }> {
  const { events } = await handle.fetchHistory();
  const ids: string[] = [];
  let [running, most] = [0, 0];
  for (const event of events ?? []) {
    const begun = event.startChildWorkflowExecutionInitiatedEventAttributes;
    if (begun != null) {
      ids.push(begun.workflowId ?? '');
      most = Math.max(most, ++running);
    }
    const ended =
      event.childWorkflowExecutionCompletedEventAttributes ??
      event.childWorkflowExecutionFailedEventAttributes ??
      event.childWorkflowExecutionCanceledEventAttributes ??
      event.childWorkflowExecutionTerminatedEventAttributes;
    if (ended != null) running--;
  }
  return { most, ids };
}
