import { condition } from '@temporalio/workflow';
import type { TimeoutPhase } from '../contracts/outcome.ts';
import type { PlanSummary } from '../contracts/plan.ts';
import type { Inbox } from './inbox.ts';
import type { PhaseClock } from './phase-clock.ts';

/** Waits beside an attempt, with a timer only where a limit is set, and says once which phase took too long. */
export async function watchDeadlines(
  clock: PhaseClock,
  plan: PlanSummary,
  inbox: Inbox,
  over: () => boolean,
  expired: (phase: TimeoutPhase) => void,
): Promise<void> {
  while (!over()) {
    const { runTimeoutMs } = inbox;
    const { version } = clock;
    const changed = (): boolean => over() || clock.version !== version || inbox.runTimeoutMs !== runTimeoutMs;
    const limitsMs = { ...plan.timeoutsMs, run: runTimeoutMs };
    if (Object.values(limitsMs).every((limit) => limit === undefined)) return;
    const due = clock.due(limitsMs, Date.now());
    if (due === undefined) {
      await condition(changed);
    } else if (due.inMs <= 0 || !(await condition(changed, due.inMs, { summary: `${due.phase} time-out` }))) {
      expired(due.phase);
      return;
    }
  }
}
