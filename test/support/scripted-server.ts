import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { startScripted, type ScriptedAgent } from './scripted-agent.ts';
import { timeSkipping } from './time-skipping.ts';

/**
 * A time-skipping server of the tests of one file, with a scripted agent. Time is skipped while somebody waits for a result, until a task
 * is cancelled that nobody had taken: this server never forgets one.
 */
export class ScriptedServer {
  readonly #bundle: () => Promise<WorkflowBundle | undefined>;
  #open: { env: TestWorkflowEnvironment; agent: ScriptedAgent; stop(): Promise<void> } | undefined;

  /** `bundle`: workflows other than the real ones. */
  constructor(bundle: () => Promise<WorkflowBundle | undefined> = () => Promise.resolve(undefined)) {
    this.#bundle = bundle;
    beforeAll(async () => {
      const env = await timeSkipping();
      const { client, nativeConnection } = env;
      const scripted = await startScripted(nativeConnection, client, 'default', await this.#bundle());
      this.#open = { env, ...scripted };
    }, 120_000);
    afterAll(async () => {
      await this.#open?.stop();
      await this.#open?.env.teardown();
    });
  }

  get env(): TestWorkflowEnvironment {
    return this.#opened().env;
  }

  get agent(): ScriptedAgent {
    return this.#opened().agent;
  }

  #opened() {
    if (this.#open === undefined) throw new Error('not open yet');
    return this.#open;
  }
}
