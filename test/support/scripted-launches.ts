import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { expect } from 'vitest';
import { launchWorkflowType, statusQuery } from '../../contracts/messages.ts';
import type { AttemptOutcome } from '../../contracts/outcome.ts';
import { runResult, type RunResult } from '../../contracts/run-result.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import type { Heard, Script } from './scripted-agent.ts';
import { servedQueue } from './scripted-names.ts';
import { cancellationIn, failureIn } from './closings.ts';
import { ScriptedServer } from './scripted-server.ts';

const at = new Date(0).toISOString();
export const succeeded: AttemptOutcome = { kind: 'succeeded', exitCode: 0, at };
export const evicted: AttemptOutcome = { kind: 'preempted', reason: 'EvictionByEvictionAPI', by: 'cluster', at };
export const failed: AttemptOutcome = { kind: 'failed', cause: 'exit-code', exitCode: 3, at, message: 'boom' };
export const neverStarted: AttemptOutcome = { kind: 'lost', reason: 'never-started', at };

export const spec = (queue: string, more: object = {}): object => ({
  queue,
  source: { code: { digest: 'a'.repeat(64) } },
  entrypoint: ['python', 'train.py'],
  ...more,
});

/** The tests of this file launch on a server of their own. */
export class ScriptedLaunches {
  readonly #server = new ScriptedServer();
  #count = 0;

  get env(): TestWorkflowEnvironment {
    return this.#server.env;
  }

  /** A new workflow id, with what its agent is to do. */
  scripted(script: Script): string {
    const workflowId = `t-${String(++this.#count)}`;
    this.#server.agent.script(workflowId, script);
    return workflowId;
  }

  start(script: Script, input: unknown = spec(servedQueue)): Promise<WorkflowHandle> {
    return this.startWith([input], script);
  }

  startWith(args: unknown[], script: Script): Promise<WorkflowHandle> {
    return this.env.client.workflow.start(launchWorkflowType, {
      workflowId: this.scripted(script),
      taskQueue: controlTaskQueue,
      args,
    });
  }

  heard({ workflowId }: { workflowId: string }): Heard {
    return this.#server.agent.heard(workflowId);
  }
}

/** Waits for a run that fails. */
export async function failureOf(handle: WorkflowHandle): Promise<{ type: string; message: string; result: RunResult }> {
  const { type, message, said } = await failureIn(handle);
  return { type, message, result: runResult.parse(said) };
}

/** Waits for a run that closes as Canceled. */
export async function canceled(handle: WorkflowHandle): Promise<RunResult> {
  return runResult.parse(await cancellationIn(handle));
}

/** Waits until a resolved run is in a state: before it is resolved, it says `queued` too. */
export async function until(handle: WorkflowHandle, state: string): Promise<void> {
  const now = async () => {
    const { attempts, state: shown } = await handle.query(statusQuery);
    return attempts.length > 0 ? shown : 'not resolved';
  };
  await expect.poll(now, { timeout: 10_000 }).toBe(state);
}
