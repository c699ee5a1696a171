import { CancellationScope, condition } from '@temporalio/workflow';
import { RunFailed } from './ending.ts';
import { failureOf } from './failures.ts';
import type { Inbox } from './inbox.ts';
import { settle, settledOr } from './settle.ts';

/**
 * What an agent of a queue answers to a spec. Undefined: cancelled before it did.
 * @throws RunFailed LaunchRejected or what else the agent says; QueueTimeout where none came in time
 */
export async function answerOf<T>(
  asks: () => Promise<T>,
  inbox: Pick<Inbox, 'cancelled'>,
  { queue, timeoutMs }: { queue: string; timeoutMs: number | undefined },
): Promise<T | undefined> {
  const scope = new CancellationScope();
  const answer = settle(scope.run(asks));
  const cancelled = (): boolean => inbox.cancelled !== undefined;
  if (timeoutMs === undefined) await settledOr(answer, cancelled);
  else {
    const ready = (): boolean => answer.result !== undefined || cancelled();
    await condition(ready, timeoutMs, { summary: 'queue time-out' });
  }
  if (answer.result === undefined) {
    scope.cancel();
    if (cancelled()) return undefined;
    throw new RunFailed('QueueTimeout', `no agent of queue ${queue} took it within its queue time-out`);
  }
  if (!answer.result.ok) {
    const { type, message } = failureOf(answer.result.error, 'LaunchRejected');
    throw new RunFailed(type, message);
  }
  return cancelled() ? undefined : answer.result.value;
}
