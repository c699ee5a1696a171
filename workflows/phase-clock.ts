import type { TimeoutPhase } from '../contracts/outcome.ts';
import type { PlanSummary } from '../contracts/plan.ts';

type Phase = 'waiting' | 'starting' | 'running';

const timeoutOf: Record<Phase, TimeoutPhase> = { waiting: 'queue', starting: 'start', running: 'run' };

/**
 * How long an attempt has been in each phase, and when that is too long. Times are milliseconds of the workflow's clock.
 * Waiting between two times of starting does not count as starting.
 */
export class PhaseClock {
  #phase: Phase = 'waiting';
  #since: number;
  #spentMs: Record<Phase, number> = { waiting: 0, starting: 0, running: 0 };
  /** Changes whenever the answer of {@link due} may. */
  version = 0;

  constructor(now: number) {
    this.#since = now;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** A submit that begins again had lost its agent: its start counts from now. */
  enter(phase: Phase, now: number): void {
    if (this.#phase === 'running') return;
    if (phase === 'starting' && this.#phase === 'starting') this.#spentMs.starting = 0;
    else this.#spentMs[this.#phase] += now - this.#since;
    this.#phase = phase;
    this.#since = now;
    this.version++;
  }

  /** The limit that the present phase runs into, and in how many ms; undefined where none is set. */
  due(limits: PlanSummary['timeoutsMs'], now: number): { phase: TimeoutPhase; inMs: number } | undefined {
    const phase = timeoutOf[this.#phase];
    const limitMs = limits[phase];
    if (limitMs === undefined) return undefined;
    return { phase, inMs: limitMs - this.#spentMs[this.#phase] - (now - this.#since) };
  }
}
