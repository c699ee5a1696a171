import type { Observation } from '../contracts/messages.ts';
import type { OwnWorkflow } from './dependencies.ts';
import type { PlannedAttempt } from './own-attempt.ts';

/** Shorter phases are nobody's business: each signal costs the history four events. */
const worthReportingMs = 1_000;

const retryMs = 2_000;

/** Tells the workflow the phase of an attempt, once it has lasted a second, until the workflow has it. */
export class PhaseReporter {
  readonly #workflow: OwnWorkflow;
  readonly #own: PlannedAttempt;
  readonly #afterMs: number;
  #timer: NodeJS.Timeout | undefined;
  #reported: string | undefined;
  #sending: Promise<void> = Promise.resolve();

  /** `afterMs`: how long a phase must have lasted; default 1 s. */
  constructor(workflow: OwnWorkflow, own: PlannedAttempt, afterMs = worthReportingMs) {
    this.#workflow = workflow;
    this.#own = own;
    this.#afterMs = afterMs;
  }

  enter(phase: Omit<Observation, 'attempt'>): void {
    const words = wordsOf(phase);
    if (words === this.#reported) return;
    this.#reported = words;
    this.#schedule(phase, this.#afterMs);
  }

  /** When a report that is due at once has arrived, or failed for the first time. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  /** What has not arrived by now is not tried again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#reported = undefined;
  }

  #schedule(phase: Omit<Observation, 'attempt'>, afterMs: number): void {
    clearTimeout(this.#timer);
    if (afterMs === 0) this.#send(phase);
    else {
      this.#timer = setTimeout(() => {
        this.#send(phase);
      }, afterMs);
    }
  }

  #send(phase: Omit<Observation, 'attempt'>): void {
    const {
      plan: { workflowId },
      runId,
      ref,
    } = this.#own;
    this.#sending = this.#workflow.observed(workflowId, runId, { attempt: ref.attempt, ...phase }).catch(() => {
      if (this.#reported === wordsOf(phase)) this.#schedule(phase, retryMs);
    });
  }
}

/** What makes a phase another one to report. */
const wordsOf = ({ phase, why = '' }: Omit<Observation, 'attempt'>): string => `${phase} ${why}`;
