import { CancellationScope, condition } from '@temporalio/workflow';
import type { AttemptEnd, StopArgument, Submitted } from '../contracts/activities.ts';
import { outcomeAsked } from '../contracts/asked-outcome.ts';
import type { PlanSummary } from '../contracts/plan.ts';
import { ioTaskQueue } from '../contracts/task-queues.ts';
import { following, releasing, stopping, submitting } from './agents.ts';
import { watchDeadlines } from './deadlines.ts';
import { nobodyCame } from './failures.ts';
import type { Inbox } from './inbox.ts';
import type { Page } from './page.ts';
import { PhaseClock } from './phase-clock.ts';
import { settle, settledOr } from './settle.ts';

/** Await has this long to report after a stop has returned; then release takes its place. */
const awaitAfterStopMs = 30_000;

/** An attempt that never was seen to begin has left nothing behind, unless its agent died in that moment: its janitor's business. */
const unseenReleaseMs = 10_000;

type Wish = Omit<StopArgument, 'attempt'>;

/** One attempt, from its place in the queue to its end, whoever ends it. Runs in a non-cancellable scope. */
export async function runAttempt(attempt: number, plan: PlanSummary, inbox: Inbox, page: Page): Promise<AttemptEnd> {
  const clock = new PhaseClock(Date.now());
  let over = false;
  let expired: Wish | undefined;
  inbox.holdsMachine = false;
  inbox.onObserved = (seen) => {
    if (seen.attempt !== attempt || over) return;
    if (seen.phase !== 'waiting') inbox.holdsMachine = true;
    clock.enter(seen.phase, Date.now());
    page.observed(seen);
  };
  const wish = (): Wish | undefined => {
    if (inbox.cancelled !== undefined) return { as: 'cancelled', ...inbox.cancelled };
    return expired ?? (inbox.preempted === undefined ? undefined : { as: 'preempted', ...inbox.preempted });
  };
  void watchDeadlines(
    clock,
    plan,
    inbox,
    () => over,
    (phase) => {
      expired = { as: 'timed-out', phase, ...(page.why === undefined ? {} : { reason: page.why }) };
    },
  );
  try {
    const submitted = await submit(attempt, plan, wish, () => inbox.holdsMachine);
    if ('outcome' in submitted) return submitted;
    if (clock.phase === 'waiting') clock.enter('starting', Date.now());
    inbox.holdsMachine = true;
    page.submitted(submitted.agent);
    return await follow(attempt, plan, submitted, wish);
  } finally {
    over = true;
    inbox.holdsMachine = false;
    inbox.preempted = undefined;
  }
}

async function submit(
  attempt: number,
  plan: PlanSummary,
  wish: () => Wish | undefined,
  begun: () => boolean,
): Promise<Submitted | AttemptEnd> {
  const scope = new CancellationScope();
  const submission = settle(scope.run(() => submitting(plan, attempt).submitAttempt({ attempt })));
  await settledOr(submission, () => wish() !== undefined);
  if (submission.result === undefined) {
    scope.cancel();
    await submission.settled;
  }
  if (submission.result?.ok === true) return submission.result.value;
  const asked = wish();
  if (asked === undefined) throw submission.result?.error;
  return releaseAnywhere({ attempt, ...asked }, plan, begun() ? plan.agentTimeoutMs : unseenReleaseMs);
}

async function follow(
  attempt: number,
  plan: PlanSummary,
  submitted: Submitted,
  wish: () => Wish | undefined,
): Promise<AttemptEnd> {
  const { follow: taskQueue, agent } = submitted;
  const scope = new CancellationScope();
  const awaiting = settle(scope.run(() => following(plan, attempt, taskQueue).awaitAttempt({ attempt })));
  const answered = (): boolean => awaiting.result !== undefined;
  await settledOr(awaiting, () => wish() !== undefined);
  const asked = wish();
  if (!answered() && asked !== undefined) {
    const argument = { attempt, ...asked };
    const stopped = settle(stopping(plan, attempt, taskQueue).stopAttempt(argument));
    await stopped.settled;
    if (stopped.result?.ok === false && nobodyCame(stopped.result.error)) return unanswered(argument, agent);
    // Also after a stop that failed: release stops again, and records.
    if (!answered() && !(await condition(answered, awaitAfterStopMs, { summary: 'wait for the recorded end' }))) {
      scope.cancel();
      return release(argument, plan, submitted);
    }
  }
  if (awaiting.result?.ok === true) return awaiting.result.value;
  if (nobodyCame(awaiting.result?.error)) return agentLost(attempt, plan, agent, wish);
  await release({ attempt, as: 'lost' }, plan, submitted);
  throw awaiting.result?.error;
}

/** Records and removes where the attempt is. */
function release(
  argument: StopArgument,
  plan: PlanSummary,
  { follow: taskQueue, agent }: Submitted,
): Promise<AttemptEnd> {
  return unlessNobodyCame(argument, agent, async () => {
    const released = await releasing(argument.attempt, taskQueue, plan.agentTimeoutMs).releaseAttempt(argument);
    return 'end' in released ? released.end : unanswered(argument, agent);
  });
}

/** Records and removes an attempt whose host is not known, if it has one: any agent of the queue finds out. */
function releaseAnywhere(argument: StopArgument, plan: PlanSummary, patienceMs: number): Promise<AttemptEnd> {
  return unlessNobodyCame(argument, undefined, async () => {
    const found = await releasing(argument.attempt, ioTaskQueue(plan.queue), patienceMs).releaseAttempt(argument);
    return 'end' in found ? found.end : release(argument, plan, found);
  });
}

async function unlessNobodyCame(
  argument: StopArgument,
  agent: string | undefined,
  work: () => Promise<AttemptEnd>,
): Promise<AttemptEnd> {
  try {
    return await work();
  } catch (error) {
    if (!nobodyCame(error)) throw error;
    return unanswered(argument, agent);
  }
}

/** The agent is gone. The next attempt needs a record of this one, so if there may be one, somebody must come to write it. */
async function agentLost(
  attempt: number,
  plan: PlanSummary,
  agent: string,
  wish: () => Wish | undefined,
): Promise<AttemptEnd> {
  const argument: StopArgument = { attempt, as: 'lost', reason: `agent ${agent} did not answer` };
  const requeued = plan.requeue.on.includes('agent-lost');
  const scope = new CancellationScope();
  const recording = settle(
    scope.run(() => {
      const patienceMs = requeued ? undefined : plan.agentTimeoutMs;
      return releasing(attempt, ioTaskQueue(plan.queue), patienceMs).releaseAttempt(argument);
    }),
  );
  await settledOr(recording, () => wish() !== undefined);
  scope.cancel();
  if (recording.result?.ok === true && 'end' in recording.result.value) return recording.result.value.end;
  return unanswered({ ...argument, ...wish() }, agent);
}

/** An end that nobody could record: what was asked, with a sentence about what may be left. */
function unanswered(argument: StopArgument, agent: string | undefined): AttemptEnd {
  const who = agent === undefined ? `no agent of the queue answered` : `agent ${agent} did not answer`;
  const message = `${who} in time: if anything of this attempt is left, the agent's janitor stops it when it is back`;
  return { outcome: { ...outcomeAsked(argument, { at: new Date().toISOString() }), message }, summary: {} };
}
