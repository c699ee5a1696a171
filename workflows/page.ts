import { setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { AttemptEnd } from '../contracts/activities.ts';
import { statusQuery, type Observation, type RunStatus } from '../contracts/messages.ts';
import { runIdOf } from '../contracts/names.ts';
import type { AttemptOutcome } from '../contracts/outcome.ts';
import type { PlanSummary } from '../contracts/plan.ts';
import type { Spent } from '../contracts/requeue.ts';
import {
  mergeSummaries,
  type AttemptReport,
  type MetricsSummary,
  type RunResult,
  type RunState,
} from '../contracts/run-result.ts';
import { searchAttribute } from '../contracts/search-attributes.ts';
import { renderDetails } from './details.ts';

/** What people see of a run: the query `status`, search attributes, current details in the Web UI. */
export class Page {
  #state: RunState = 'queued';
  /** As the search attribute has it. */
  #listed: RunState = 'queued';
  #plan: PlanSummary | undefined;
  #attempts: AttemptReport[] = [];
  #requeues = 0;
  #summary: MetricsSummary = {};
  #image: string | undefined;

  /** Registers the query `status`. */
  constructor() {
    setHandler(statusQuery, () => this.status());
  }

  planned(plan: PlanSummary): void {
    this.#plan = plan;
    this.#refresh();
  }

  building(): void {
    this.#enter('building');
  }

  built(image: string): void {
    this.#image = image;
  }

  queued(attempt: number): void {
    this.#attempts.push({ attempt, startedAt: new Date().toISOString() });
    this.#enter('queued', attempt);
  }

  submitted(agent: string): void {
    const now = this.#current();
    if (now !== undefined) Object.assign(now, { agent, placedAt: new Date().toISOString() });
    if (this.#state !== 'queued') return;
    // Listed once an agent has seen it last: most starts are over before.
    this.#state = 'starting';
    this.#refresh();
  }

  observed({ phase, node, why, image }: Observation): void {
    const now = this.#current();
    // Of what was built for it, it has the name already.
    if (image !== undefined && this.#plan?.needsImage !== true) this.#image = image;
    if (now !== undefined && node !== undefined) now.node = node;
    if (why !== undefined && now !== undefined) now.why = why;
    else delete now?.why;
    // A job that ran may have to wait again: its place was taken from it for a while.
    if (phase !== 'waiting') this.#enter(phase);
    else if (this.#state === 'running') this.#enter('starting');
    else this.#refresh();
  }

  /** What keeps the attempt from running, in words. */
  get why(): string | undefined {
    return this.#current()?.why;
  }

  ended({ outcome, summary }: AttemptEnd): void {
    const now = this.#current();
    if (now === undefined) return;
    now.outcome = outcome;
    now.node ??= outcome.node;
    now.endedAt = new Date().toISOString();
    delete now.why;
    this.#summary = mergeSummaries(this.#summary, summary);
    this.#refresh();
  }

  backingOff(spent: Spent, waits: boolean): void {
    this.#requeues = spent.requeues;
    if (waits) this.#enter('preempted');
  }

  closed(state: RunState): RunResult {
    this.#enter(state);
    return this.#result();
  }

  status(): RunStatus {
    return { ...this.#result(), plan: this.#plan, progress: this.#progress() };
  }

  #result(): RunResult {
    const outcome: AttemptOutcome | undefined = this.#current()?.outcome;
    return {
      run: runIdOf(workflowInfo().workflowId),
      state: this.#state,
      ...(outcome === undefined ? {} : { outcome }),
      attempts: this.#attempts,
      requeues: this.#requeues,
      summary: this.#summary,
      ...(this.#image === undefined ? {} : { image: this.#image }),
      ...(this.#plan?.job === undefined ? {} : { job: this.#plan.job }),
    };
  }

  #progress(): string {
    const attempt = `attempt ${String(Math.max(1, this.#attempts.length))}`;
    if (this.#requeues === 0) return attempt;
    return `requeue ${String(this.#requeues)} of ${String(this.#plan?.requeue.max)} (${attempt})`;
  }

  #current(): AttemptReport | undefined {
    return this.#attempts.at(-1);
  }

  /** An unchanged state costs no event. */
  #enter(state: RunState, attempt?: number): void {
    const first = attempt === 1 && state === this.#listed;
    if (state !== this.#listed || (attempt !== undefined && !first)) {
      upsertSearchAttributes([
        { key: searchAttribute.state, value: state },
        ...(attempt === undefined ? [] : [{ key: searchAttribute.attempt, value: attempt }]),
      ]);
    }
    this.#state = this.#listed = state;
    this.#refresh();
  }

  #refresh(): void {
    setCurrentDetails(renderDetails(this.status()));
  }
}
