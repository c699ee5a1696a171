import { stopArgument } from '../contracts/activities.ts';
import { withHeartbeat } from './border.ts';
import type { AgentDependencies } from './dependencies.ts';
import { ask, checkHost, ownAttempt } from './own-attempt.ts';

/** Writes down what was asked, then TERM, grace, KILL. Returns when nothing of the attempt runs; await or release records it. */
export async function stopAttempt(needs: AgentDependencies, argument: unknown): Promise<void> {
  await withHeartbeat(async (signal) => {
    const { argument: asked, ...own } = await ownAttempt(needs, stopArgument, argument);
    const { ref, plan, backend } = own;
    if (own.end !== undefined) return;
    await checkHost(needs, own);
    await needs.reached('stop:before-asked');
    await ask(needs.store, ref, asked);
    await needs.reached('stop:after-asked');
    await backend.stop(ref, plan.gracePeriodMs, signal);
    await needs.reached('stop:after-stop');
  });
}
