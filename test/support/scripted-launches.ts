import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect } from 'vitest';
import { launchWorkflowType, statusQuery } from '../../contracts/messages.ts';
import type { AttemptOutcome } from '../../contracts/outcome.ts';
import { runResult, type RunResult } from '../../contracts/run-result.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { startScripted, type Heard, type Script, type ScriptedAgent } from './scripted-agent.ts';
import { servedQueue } from './scripted-names.ts';
import { cancellationIn, failureIn } from './closings.ts';
import { timeSkipping } from './time-skipping.ts';

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

/**
 * The tests of this file launch on a time-skipping server of their own, with a scripted agent. Time is skipped while somebody waits for a
 * result, until a task is cancelled that nobody had taken: this server never forgets one.
 */
export class ScriptedLaunches {
  #env: TestWorkflowEnvironment | undefined;
  #agent: ScriptedAgent | undefined;
  #stop: (() => Promise<void>) | undefined;
  #count = 0;

  constructor() {
    beforeAll(() => this.#open(), 120_000);
    afterAll(async () => {
      await this.#stop?.();
      await this.#env?.teardown();
    });
  }

  get env(): TestWorkflowEnvironment {
    if (this.#env === undefined) throw new Error('not open yet');
    return this.#env;
  }

  /** A new workflow id, with what its agent is to do. */
  scripted(script: Script): string {
    const workflowId = `t-${String(++this.#count)}`;
    this.#agent?.script(workflowId, script);
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
    if (this.#agent === undefined) throw new Error('not open yet');
    return this.#agent.heard(workflowId);
  }

  async #open(): Promise<void> {
    this.#env = await timeSkipping();
    const { client, nativeConnection } = this.#env;
    ({ agent: this.#agent, stop: this.#stop } = await startScripted(nativeConnection, client));
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
