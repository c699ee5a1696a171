import { stopArgument } from '../contracts/activities.ts';
import type { AgentDependencies } from './dependencies.ts';
import { ask, checkHost, forOwnAttempt } from './own-attempt.ts';

/** Writes down what was asked, then TERM, grace, KILL. Returns when nothing of the attempt runs; await or release records it. */
export function stopAttempt(needs: AgentDependencies, argument: unknown): Promise<void> {
  return forOwnAttempt(needs, stopArgument, argument, async (own, signal) => {
    const { argument: asked, ref, plan, backend } = own;
    if (own.end !== undefined) return;
    await checkHost(needs, own);
    await needs.reached('stop:before-asked');
    await ask(needs.store, ref, asked);
    await needs.reached('stop:after-asked');
    await backend.stop(ref, plan.gracePeriodMs, signal);
    await needs.reached('stop:after-stop');
  });
}
