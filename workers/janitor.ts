import type { Client } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import type { AttemptRef, Backend } from '../activities/backends/backend.ts';
import { isStillEnding, wasDeleted } from '../activities/deleted-run.ts';
import type { AgentDependencies } from '../activities/dependencies.ts';
import { endIfAbandoned } from '../activities/end-attempt.ts';
import { launchWorkflowType } from '../contracts/messages.ts';
import { runIdOf } from '../contracts/names.ts';
import { sweepPlan, type SweepPlan } from '../contracts/sweep-plan.ts';
import { plan as planSchema, type Plan } from '../contracts/plan.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import { removeRunRecords } from '../store/run-records.ts';

/** What of an agent's attempts a backend has. */
export interface Found {
  backend: Backend;
  ref: AttemptRef;
  /** When it was created, where the backend knows. */
  since?: string;
}

/** Where other agents may follow an attempt of this one's, it is asked about this often. */
const lookAgainMs = 30_000;
const mostRemembered = 100_000;

/** What S3 lists at once. */
const listedAtOnce = 1_000;
const listAgainMs = 60_000;
const listAgainAtLastMs = 600_000;

export interface JanitorOptions {
  namespace: string;
  queues: readonly string[];
  logger: Logger;
}

/**
 * Removes what is left: attempts that nobody will ask for again, and what there is of runs that were deleted. It looks at how things are,
 * not at what has happened, so that it does not matter who died when.
 */
export class Janitor {
  readonly #needs: AgentDependencies;
  readonly #client: Client;
  readonly #options: JanitorOptions;
  /** Runs that were in Temporal at the last look. */
  #known: ReadonlySet<string> = new Set();
  /** Runs that may have been deleted, and are not done with. */
  readonly #suspects = new Set<string>();
  #listAgainAt = -Infinity;
  /** What it has read of sweeps: their plans are written once. */
  readonly #sweeps = new Map<string, Pick<SweepPlan, 'queue' | 'workflowId'>>();
  /** Runs and sweeps that only expired in Temporal: whatever there is of them stays. */
  readonly #expired = new Set<string>();
  /** What was said already of attempts that could not be tidied, by uid. */
  readonly #trouble = new Map<string, string>();
  /** When this agent began to see an attempt that others may be following, or last asked about it, by uid. */
  readonly #lookedAt = new Map<string, number>();

  constructor(needs: AgentDependencies, client: Client, options: JanitorOptions) {
    this.#needs = needs;
    this.#client = client;
    this.#options = options;
  }

  /** Ends and removes those of the attempts that are abandoned; that takes their grace period, and goes on after `signal` at the next agent's. */
  async tidyAttempts(found: readonly Found[], signal: AbortSignal): Promise<void> {
    const ours = found.filter((one) => one.ref.entity === this.#options.namespace && this.#isDue(one));
    await Promise.all(ours.map((one) => this.#tidyAttempt(one, signal)));
  }

  #isDue({ backend, ref }: Found): boolean {
    if (backend.hostBound) return true;
    const now = Date.now();
    if (this.#lookedAt.size > mostRemembered) this.#lookedAt.clear();
    const lookedAt = this.#lookedAt.get(ref.uid);
    if (lookedAt !== undefined && now - lookedAt < lookAgainMs) return false;
    this.#lookedAt.set(ref.uid, now);
    return lookedAt !== undefined;
  }

  async #tidyAttempt({ backend, ref, since }: Found, signal: AbortSignal): Promise<void> {
    const { run, attempt, uid } = ref;
    try {
      if (await endIfAbandoned(this.#needs, backend, ref, signal, since))
        this.#say('ended an abandoned attempt', { run, attempt });
      this.#trouble.delete(uid);
    } catch (error) {
      if (signal.aborted || this.#trouble.get(uid) === String(error)) return;
      this.#trouble.set(uid, String(error));
      this.#options.logger.warn('could not tidy an attempt', { run, attempt, error });
    }
  }

  /**
   * Removes what there is of deleted runs: what this host keeps of them, and the records of those of the agent's queues. Those that it has seen in
   * Temporal it misses at the next look; others it finds where the store lists them, which costs more, the more runs there are, and is done the
   * less often.
   */
  async tidyRuns(): Promise<void> {
    const { backends } = this.#needs;
    const { namespace } = this.#options;
    await this.#suspectRecorded();
    const kept = await Promise.all(
      backends.map(async (backend) => ({ backend, runs: new Set(await backend.keeps(namespace)) })),
    );
    // Only now: a run is in Temporal before there is anything else of it.
    const known = await this.#knownRuns();
    for (const run of this.#known) this.#suspects.add(run);
    for (const { runs } of kept) for (const run of runs) this.#suspects.add(run);
    this.#known = known;
    for (const run of this.#suspects) {
      const isDone = known.has(run) || this.#expired.has(run) || (await this.#isDoneWith(run, kept));
      if (isDone) this.#suspects.delete(run);
    }
  }

  async #suspectRecorded(): Promise<void> {
    const now = Date.now();
    if (now < this.#listAgainAt) return;
    const recorded = await this.#needs.store.folders(keyOf.runs);
    for (const run of recorded) this.#suspects.add(run);
    const lists = Math.ceil(Math.max(1, recorded.length) / listedAtOnce);
    this.#listAgainAt = now + Math.min(lists * listAgainMs, listAgainAtLastMs);
  }

  /** Removes a run that is not listed in Temporal, where it was deleted. Answers whether there is nothing to come back for. */
  async #isDoneWith(run: string, kept: readonly { backend: Backend; runs: ReadonlySet<string> }[]): Promise<boolean> {
    const { store, ownWorkflow } = this.#needs;
    const { namespace, queues } = this.#options;
    const plan = await readRecord(store, keyOf.plan(run), planSchema);
    // Visibility lags behind: the last word is the workflow's own.
    if ((await ownWorkflow.find(plan?.workflowId ?? run)) !== undefined) return false;
    if (!(await wasDeleted(this.#needs, run, plan))) {
      this.#expired.add(run);
      return true;
    }
    if (await isStillEnding(this.#needs, run)) return false;
    for (const { backend, runs } of kept) if (runs.has(run)) await backend.forget(namespace, run);
    const isOurs = plan === undefined ? (await store.list(keyOf.run(run))).length > 0 : queues.includes(plan.queue);
    if (isOurs) await this.#remove(run, plan);
    // Somebody else may have been at it: it is done with when nothing is found.
    return !isOurs;
  }

  /** Removes what was recorded of deleted sweeps of the agent's queues. Their trials are runs like others. */
  async tidySweeps(): Promise<void> {
    const { store, ownWorkflow, retentionMs } = this.#needs;
    const recorded = new Set(await store.folders(keyOf.sweeps));
    for (const sweep of this.#sweeps.keys()) if (!recorded.has(sweep)) this.#sweeps.delete(sweep);
    for (const sweep of recorded) {
      if (this.#expired.has(sweep)) continue;
      const key = keyOf.sweepPlan(sweep);
      const plan = this.#sweeps.get(sweep) ?? (await readRecord(store, key, sweepPlan));
      if (plan === undefined) continue;
      this.#sweeps.set(sweep, { queue: plan.queue, workflowId: plan.workflowId });
      if (!this.#options.queues.includes(plan.queue)) continue;
      if ((await ownWorkflow.find(plan.workflowId)) !== undefined) continue;
      const writtenAt = (await store.modifiedAt(key))?.getTime() ?? 0;
      if (Date.now() - writtenAt >= retentionMs) {
        this.#expired.add(sweep);
        continue;
      }
      await store.remove(key);
      this.#say('removed a deleted sweep', { sweep });
    }
  }

  async #knownRuns(): Promise<Set<string>> {
    const known = new Set<string>();
    const query = `WorkflowType = '${launchWorkflowType}'`;
    for await (const { workflowId } of this.#client.workflow.list({ query, pageSize: 1_000 })) {
      known.add(runIdOf(workflowId));
    }
    return known;
  }

  async #remove(run: string, plan: Plan | undefined): Promise<void> {
    const { store, reached } = this.#needs;
    await reached('janitor:before-removal');
    await removeRunRecords(store, run, plan);
    await reached('janitor:after-removal');
    this.#say('removed a deleted run', { run });
  }

  #say(message: string, meta: Record<string, unknown>): void {
    this.#options.logger.info(message, meta);
  }
}
