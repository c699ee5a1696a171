import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { launchSpec, type LaunchSpec } from '../contracts/launch-spec.ts';
import type { AttemptOutcome } from '../contracts/outcome.ts';
import type { PlanSummary } from '../contracts/plan.ts';
import { readSpec } from '../contracts/read-spec.ts';
import { decideNext, nothingSpent, type Next, type Spent } from '../contracts/requeue.ts';
import type { RunResult } from '../contracts/run-result.ts';
import { resolving } from './agents.ts';
import { runAttempt } from './attempt.ts';
import { closeAsCanceled, closeAsFailed, RunFailed } from './ending.ts';
import { makeImage } from './image.ts';
import { openInbox, type Inbox } from './inbox.ts';
import { Page } from './page.ts';
import { answerOf } from './resolution.ts';

/** One run, from a spec to a recorded end, through as many attempts as its requeue policy allows. */
export async function launch(input: unknown): Promise<RunResult> {
  const inbox = openInbox(); // what is asked of this run
  const page = new Page(); // what people see of it
  const root = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    try {
      const plan = await resolve(parse(input), input, inbox);
      if (plan === undefined) return await closeAsCanceled(root, inbox, page.closed('cancelled'));
      page.planned(plan);
      if (plan.needsImage === true) {
        page.building();
        const image = await makeImage(plan, inbox);
        if (image === undefined) return await closeAsCanceled(root, inbox, page.closed('cancelled'));
        page.built(image);
      }
      let spent = nothingSpent;
      for (let attempt = 1; ; attempt++) {
        page.queued(attempt);
        const { outcome, next } = await oneAttempt(attempt, plan, spent, inbox, page);
        if (next.do === 'finish') return page.closed('succeeded');
        if (next.do === 'cancel') return await closeAsCanceled(root, inbox, page.closed('cancelled'));
        if (next.do === 'fail') throw new RunFailed(next.type, next.message, outcome);
        spent = next.spent;
        page.backingOff(spent, next.backOffMs > 0);
        await backOff(next.backOffMs, inbox);
        if (inbox.cancelled !== undefined) return await closeAsCanceled(root, inbox, page.closed('cancelled'));
      }
    } catch (error) {
      return closeAsFailed(error, page);
    }
  });
}

function parse(input: unknown): LaunchSpec {
  const read = readSpec(launchSpec, input);
  if ('spec' in read) return read.spec;
  throw new RunFailed('LaunchRejected', read.wrong);
}

/** Undefined: cancelled before it was resolved. */
async function resolve(spec: LaunchSpec, input: unknown, inbox: Inbox): Promise<PlanSummary | undefined> {
  const { firstExecutionRunId } = workflowInfo();
  const { queue, timeouts } = spec;
  const plan = await answerOf(() => resolving(queue).resolveLaunch(input, firstExecutionRunId), inbox, {
    queue,
    timeoutMs: timeouts.queue,
  });
  inbox.runTimeoutMs = plan?.timeoutsMs.run;
  inbox.maxRunTimeoutMs = plan?.maxRunTimeoutMs;
  return plan;
}

async function oneAttempt(
  attempt: number,
  plan: PlanSummary,
  spent: Spent,
  inbox: Inbox,
  page: Page,
): Promise<{ outcome: AttemptOutcome; next: Next }> {
  const end = await runAttempt(attempt, plan, inbox, page);
  page.ended(end);
  const { outcome } = end;
  const next = decideNext(outcome, plan, spent);
  // A cancel that came while the attempt was ending for another reason still holds: it is never requeued.
  if (next.do === 'requeue' && inbox.cancelled !== undefined) return { outcome, next: { do: 'cancel' } };
  return { outcome, next };
}

async function backOff(backOffMs: number, inbox: Inbox): Promise<void> {
  if (backOffMs > 0) await condition(() => inbox.cancelled !== undefined, backOffMs, { summary: 'back-off' });
}
