import { CancellationScope } from '@temporalio/workflow';
import type { PlanSummary } from '../contracts/plan.ts';
import { building, pushing } from './agents.ts';
import { RunFailed } from './ending.ts';
import { failureOf, nobodyCame } from './failures.ts';
import type { Inbox } from './inbox.ts';
import { settle, settledOr } from './settle.ts';

/**
 * The image of a run by its digest, in its registry; built and pushed unless it is there already. A builder that is gone before it has
 * pushed takes its image with it: another one builds it again. Undefined: cancelled before it was there.
 * @throws RunFailed BuildFailed or what else the builder says; QueueTimeout where none came in time
 */
export async function makeImage(plan: PlanSummary, inbox: Inbox): Promise<string | undefined> {
  for (;;) {
    const built = await unlessCancelled(() => building(plan).buildImage(), inbox);
    if (built.error !== undefined && nobodyCame(built.error)) throw noBuilder(plan);
    const answer = valueOf(built);
    if (answer === undefined || 'image' in answer) return answer?.image;
    const pushed = await unlessCancelled(() => pushing(plan, answer.push).pushImage(), inbox);
    if (pushed.error !== undefined && nobodyCame(pushed.error)) continue;
    const there = valueOf(pushed);
    if (there === undefined || there.image !== undefined) return there?.image;
  }
}

/** Neither: it was cancelled. */
interface Answer<T> {
  value?: T;
  error?: unknown;
}

/** Nothing of a build goes on after its cancellation. */
async function unlessCancelled<T>(asks: () => Promise<T>, inbox: Inbox): Promise<Answer<T>> {
  const cancelled = (): boolean => inbox.cancelled !== undefined;
  const scope = new CancellationScope();
  const answer = settle(scope.run(asks));
  await settledOr(answer, cancelled);
  if (answer.result === undefined) {
    scope.cancel();
    await answer.settled;
  }
  if (cancelled() || answer.result === undefined) return {};
  return answer.result.ok ? { value: answer.result.value } : { error: answer.result.error };
}

function valueOf<T>({ value, error }: Answer<T>): T | undefined {
  if (error === undefined) return value;
  const { type, message } = failureOf(error, 'BuildFailed');
  throw new RunFailed(type, message);
}

const noBuilder = ({ queue }: PlanSummary): RunFailed =>
  new RunFailed('QueueTimeout', `no builder of queue ${queue} took it within its queue time-out`);
