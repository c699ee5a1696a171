import { setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { sweepIdOf } from '../contracts/names.ts';
import { searchAttribute } from '../contracts/search-attributes.ts';
import { progressQuery } from '../contracts/sweep-messages.ts';
import type { SweepResult, SweepState } from '../contracts/sweep-result.ts';
import { sweepTally } from '../contracts/sweep-tally.ts';
import type { SweepInbox } from './sweep-inbox.ts';
import { renderSweep } from './sweep-details.ts';

/** What people see of a sweep: the query `progress`, its state as a search attribute, current details in the Web UI. */
export class SweepPage {
  readonly #inbox: SweepInbox;
  #state: SweepState = 'queued';
  #total: number | undefined;
  #running = 0;

  /** Registers the query `progress`. */
  constructor(inbox: SweepInbox) {
    this.#inbox = inbox;
    setHandler(progressQuery, () => this.progress());
  }

  /** An agent has accepted it, or an earlier execution has handed it on. */
  begun(total: number | undefined): void {
    this.#total = total;
    this.#enter('running');
  }

  /** Trials in flight, whenever their number or anything else may have changed. */
  counted(running: number): void {
    this.#running = running;
    this.#enter(this.#inbox.state?.paused === true ? 'paused' : 'running');
    setCurrentDetails(renderSweep(this.progress()));
  }

  closed(state: SweepState): SweepResult {
    this.#running = 0;
    this.#enter(state);
    setCurrentDetails(renderSweep(this.progress()));
    return this.progress();
  }

  progress(): SweepResult {
    const { state } = this.#inbox;
    return {
      sweep: sweepIdOf(workflowInfo().workflowId),
      state: this.#state,
      running: this.#running,
      ...(this.#total === undefined ? {} : { total: this.#total }),
      ...(state === undefined ? {} : { numWorkers: state.numWorkers, maxWorkers: state.plan.maxWorkers }),
      tally: state?.tally ?? sweepTally.parse({}),
    };
  }

  #enter(state: SweepState): void {
    if (state === this.#state) return;
    this.#state = state;
    upsertSearchAttributes([{ key: searchAttribute.state, value: state }]);
  }
}
