import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@temporalio/worker';
import type { AttemptRef } from '../activities/backends/backend.ts';
import type { AgentDependencies } from '../activities/dependencies.ts';
import { plan as planSchema } from '../contracts/plan.ts';
import { agentDrain, type AgentDrain, type AgentStatus } from '../contracts/records.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord, writeRecord } from '../store/records.ts';
import type { JobGate } from './gate.ts';

export interface DrainOptions {
  queues: readonly string[];
  maxJobs: number;
  gate: JobGate;
  logger: Logger;
}

type Needs = Pick<AgentDependencies, 'agent' | 'store' | 'ownWorkflow'>;

/** Has an agent take nothing more while somebody wants it to, and says in the store how many places it has and how many of them are taken. */
export class Drain {
  readonly #needs: Needs;
  readonly #options: DrainOptions;
  #said: AgentStatus | undefined;
  #drain: AgentDrain | undefined;
  /** Attempts that were asked to give the machine back. */
  readonly #asked = new Set<string>();

  constructor(needs: Needs, options: DrainOptions) {
    this.#needs = needs;
    this.#options = options;
  }

  /** Looks whether it is to drain. `live`: what lives here. */
  async look(live: readonly AttemptRef[]): Promise<void> {
    const { agent, store } = this.#needs;
    const { gate, maxJobs, logger } = this.#options;
    const wanted = await readRecord(store, keyOf.agentDrain(agent), agentDrain);
    if (!isDeepStrictEqual(wanted, this.#drain)) {
      this.#drain = wanted;
      this.#asked.clear();
      gate.setMax(wanted === undefined ? maxJobs : 0);
      logger.info(wanted === undefined ? 'takes runs again' : 'takes no more runs', { ...wanted });
    }
    // Not before the last poll is over: it might bring the same run again.
    if (wanted?.preempt === true && gate.idle === 0) for (const ref of live) await this.#preempt(ref, wanted);
    await this.#say();
  }

  async close(): Promise<void> {
    await this.#needs.store.remove(keyOf.agentStatus(this.#needs.agent));
  }

  async #preempt({ run, uid }: AttemptRef, { by, reason }: AgentDrain): Promise<void> {
    const { agent, store, ownWorkflow } = this.#needs;
    if (this.#asked.has(uid)) return;
    const plan = await readRecord(store, keyOf.plan(run), planSchema);
    if (plan === undefined) return;
    await ownWorkflow.preempt(plan.workflowId, { by, reason: reason ?? `agent ${agent} is drained` });
    this.#asked.add(uid);
  }

  async #say(): Promise<void> {
    const { agent, store } = this.#needs;
    const { queues, maxJobs, gate } = this.#options;
    const status: AgentStatus = {
      queues: [...queues],
      ...(Number.isFinite(maxJobs) ? { maxJobs } : {}),
      live: gate.live,
      draining: this.#drain !== undefined,
    };
    if (isDeepStrictEqual(status, this.#said)) return;
    await writeRecord(store, keyOf.agentStatus(agent), status);
    this.#said = status;
  }
}
