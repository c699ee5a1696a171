import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureCause, lostReason, timeoutPhase, type AttemptOutcome } from '../../contracts/outcome.ts';
import {
  backOffMs,
  decideNext,
  mostAttempts,
  nothingSpent,
  type Allowance,
  type Spent,
} from '../../contracts/requeue.ts';
import { defaultRequeueOn, requeuePolicy } from '../../contracts/requeue-policy.ts';

const at = '2026-11-24T12:00:00.000Z';
const succeeded: AttemptOutcome = { kind: 'succeeded', exitCode: 0, at };
const stoppedEarly: AttemptOutcome = { kind: 'stopped-early', at };
const cancelled: AttemptOutcome = { kind: 'cancelled', by: 'ada', at };
const preempted = (reason: string): AttemptOutcome => ({ kind: 'preempted', reason, by: 'cluster', at });
const lost = (reason: (typeof lostReason.options)[number]): AttemptOutcome => ({ kind: 'lost', reason, at });
const failed = (cause: (typeof failureCause.options)[number]): AttemptOutcome => ({
  kind: 'failed',
  cause,
  exitCode: 3,
  at,
});
const timedOut = (phase: (typeof timeoutPhase.options)[number]): AttemptOutcome => ({ kind: 'timed-out', phase, at });

const none: Partial<Spent> = {};
const requeues = (count: number): Partial<Spent> => ({ requeues: count });
const retries = (count: number): Partial<Spent> => ({ retries: count });
const uncounted = (count: number): Partial<Spent> => ({ uncounted: count });

const standard: Allowance = { requeue: { max: 5, on: [...defaultRequeueOn] }, retries: 0 };
const never: Allowance = { ...standard, requeue: { ...standard.requeue, max: 0 } };
const twoRetries: Allowance = { ...standard, retries: 2 };
const generous: Allowance = {
  requeue: {
    max: 5,
    on: ['DeletionByPodGC', 'DeletionByTaintManager', 'node-lost', 'agent-lost', 'vanished', 'exit:75'],
  },
  retries: 0,
};

/** In a word: the failure's type, or which counter a requeue is charged to. */
function verdict(outcome: AttemptOutcome, allowed: Allowance, spent: Partial<Spent>): string {
  const before = { ...nothingSpent, ...spent };
  const next = decideNext(outcome, allowed, before);
  if (next.do === 'fail') return next.type;
  if (next.do !== 'requeue') return next.do;
  const charged = (['requeues', 'retries', 'uncounted'] as const).filter((each) => next.spent[each] !== before[each]);
  return `again, ${charged.map((each) => `${each} ${String(next.spent[each])}`).join(' and ')}`;
}

describe('what a run does after an attempt', () => {
  test.each<[string, AttemptOutcome, Allowance, Partial<Spent>, string]>([
    ['success', succeeded, standard, none, 'finish'],
    ['success after five requeues', succeeded, standard, requeues(5), 'finish'],
    ['early stop', stoppedEarly, standard, none, 'finish'],
    ['cancelled', cancelled, standard, none, 'cancel'],
    ['cancelled, with retries left', cancelled, twoRetries, none, 'cancel'],

    ['waited too long in the queue', timedOut('queue'), standard, none, 'QueueTimeout'],
    ['took too long to start', timedOut('start'), standard, none, 'StartTimeout'],
    ['ran too long', timedOut('run'), standard, none, 'RunTimeout'],
    ['ran too long, with retries left', timedOut('run'), twoRetries, none, 'RunTimeout'],

    ['drained', preempted('EvictionByEvictionAPI'), standard, none, 'again, requeues 1'],
    ['preempted by the scheduler', preempted('PreemptionByScheduler'), standard, none, 'again, requeues 1'],
    ['ended by the kubelet', preempted('TerminationByKubelet'), standard, none, 'again, requeues 1'],
    ['preempted the fifth time', preempted('PreemptionByScheduler'), standard, requeues(4), 'again, requeues 5'],
    ['preempted the sixth time', preempted('PreemptionByScheduler'), standard, requeues(5), 'PreemptionLimitReached'],
    ['preempted, requeue.max 0', preempted('PreemptionByScheduler'), never, none, 'PreemptionLimitReached'],
    ['taint, standard queue', preempted('DeletionByTaintManager'), standard, none, 'JobPreempted'],
    ['taint, queue that names it', preempted('DeletionByTaintManager'), generous, none, 'again, requeues 1'],
    ['node object deleted, standard queue', preempted('DeletionByPodGC'), standard, none, 'JobPreempted'],
    ['node object deleted, queue that names it', preempted('DeletionByPodGC'), generous, none, 'again, requeues 1'],
    ['drained, queue that names other reasons', preempted('EvictionByEvictionAPI'), generous, none, 'JobPreempted'],
    ['saved itself and left, standard queue', preempted('exit:75'), standard, none, 'JobPreempted'],
    ['saved itself and left, queue that names it', preempted('exit:75'), generous, none, 'again, requeues 1'],
    ['saved itself with another code', preempted('exit:7'), generous, none, 'JobPreempted'],
    ['relaunch preempt', preempted('requested'), standard, none, 'again, requeues 1'],
    ['relaunch preempt, whatever the queue names', preempted('requested'), generous, none, 'again, requeues 1'],
    ['relaunch preempt, the sixth time', preempted('requested'), standard, requeues(5), 'PreemptionLimitReached'],
    ['relaunch preempt, requeue.max 0', preempted('requested'), never, none, 'PreemptionLimitReached'],

    ['host restarted', lost('runtime-restart'), standard, none, 'again, uncounted 1'],
    ['host restarted, requeue.max 0', lost('runtime-restart'), never, none, 'again, uncounted 1'],
    ['host restarted the third time', lost('runtime-restart'), standard, uncounted(2), 'again, uncounted 3'],
    ['host restarted the fourth time', lost('runtime-restart'), standard, uncounted(3), 'JobLost'],
    ['never started', lost('never-started'), standard, none, 'again, uncounted 1'],
    ['never started, after five requeues', lost('never-started'), standard, requeues(5), 'again, uncounted 1'],
    ['never started the fourth time', lost('never-started'), standard, uncounted(3), 'JobLost'],
    ['deleted by someone else', lost('deleted-externally'), standard, none, 'JobLost'],
    ['deleted by someone else, generous queue', lost('deleted-externally'), generous, none, 'JobLost'],
    ['node lost, standard queue', lost('node-lost'), standard, none, 'JobLost'],
    ['node lost, queue that names it', lost('node-lost'), generous, none, 'again, requeues 1'],
    ['node lost the sixth time', lost('node-lost'), generous, requeues(5), 'PreemptionLimitReached'],
    ['agent lost, standard queue', lost('agent-lost'), standard, none, 'JobLost'],
    ['agent lost, queue that names it', lost('agent-lost'), generous, none, 'again, requeues 1'],
    ['vanished, standard queue', lost('vanished'), standard, none, 'JobLost'],
    ['vanished, queue that names it', lost('vanished'), generous, none, 'again, requeues 1'],

    ['exit code 3', failed('exit-code'), standard, none, 'JobFailed'],
    ['exit code 3, first retry', failed('exit-code'), twoRetries, none, 'again, retries 1'],
    ['exit code 3, last retry', failed('exit-code'), twoRetries, retries(1), 'again, retries 2'],
    ['exit code 3, retries spent', failed('exit-code'), twoRetries, retries(2), 'JobFailed'],
    ['out of memory', failed('out-of-memory'), standard, none, 'JobFailed'],
    ['out of memory, first retry', failed('out-of-memory'), twoRetries, none, 'again, retries 1'],
    ['disk full, retries left', failed('storage-limit'), twoRetries, none, 'JobFailed'],
    ['image cannot be pulled, retries left', failed('image-pull'), twoRetries, none, 'JobFailed'],
    ['invalid configuration, retries left', failed('invalid-config'), twoRetries, none, 'JobFailed'],
  ])('%s', (_, outcome, allowed, spent, expected) => {
    expect(verdict(outcome, allowed, spent)).toBe(expected);
  });

  test('the end says why, and which limit', () => {
    expect(decideNext(failed('exit-code'), standard, nothingSpent)).toMatchObject({
      message: 'the job failed',
    });
    expect(decideNext(preempted('DeletionByPodGC'), standard, nothingSpent)).toMatchObject({
      message: expect.stringMatching(/requeue\.on.*may still run/) as string,
    });
    expect(decideNext(preempted('requested'), standard, { ...nothingSpent, requeues: 5 })).toMatchObject({
      message: 'interrupted again after 5 of 5 requeues',
    });
  });

  test('the first new attempt starts at once, later ones after 5 s doubling to 2 min', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map(backOffMs)).toEqual([
      0, 5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000, 120_000,
    ]);
  });

  test('every new attempt counts for the back-off, whatever its reason', () => {
    expect(decideNext(preempted('requested'), twoRetries, { requeues: 0, retries: 1, uncounted: 1 })).toMatchObject({
      backOffMs: 10_000,
    });
  });
});

const outcomes = fc.oneof(
  fc.constantFrom(succeeded, stoppedEarly, cancelled),
  fc.constantFrom(...timeoutPhase.options).map(timedOut),
  fc.constantFrom(...failureCause.options).map(failed),
  fc.constantFrom(...lostReason.options).map(lost),
  fc.oneof(fc.constantFrom('requested', 'exit:75', 'DeletionByPodGC', ...defaultRequeueOn), fc.string()).map(preempted),
);
const allowances = fc.record({
  requeue: fc.record({
    max: fc.integer({ min: 0, max: 5 }),
    on: fc.subarray([
      ...defaultRequeueOn,
      'DeletionByTaintManager',
      'DeletionByPodGC',
      'node-lost',
      'agent-lost',
      'vanished',
      'exit:75',
    ]),
  }),
  retries: fc.integer({ min: 0, max: 100 }),
});

describe('whatever outcomes come', () => {
  test('a run has never more than its most attempts', () => {
    fc.assert(
      fc.property(allowances, fc.infiniteStream(outcomes), (allowed, stream) => {
        let spent = nothingSpent;
        let attempts = 0;
        for (const outcome of stream) {
          attempts += 1;
          expect(attempts).toBeLessThanOrEqual(mostAttempts(allowed));
          const next = decideNext(outcome, allowed, spent);
          if (next.do !== 'requeue') return;
          spent = next.spent;
        }
      }),
    );
  });

  test('the most attempts can be reached, with disruptions and failures alone', () => {
    const allowed = twoRetries;
    let spent = nothingSpent;
    const worst = [preempted('requested'), failed('exit-code'), lost('never-started')];
    let attempts = 1;
    for (; ; attempts++) {
      const next = worst.map((outcome) => decideNext(outcome, allowed, spent)).find((each) => each.do === 'requeue');
      if (next === undefined) break;
      spent = next.spent;
    }
    expect(attempts).toBe(mostAttempts(allowed));
  });

  test('a cancelled run and one whose job was deleted by someone else are never requeued', () => {
    const spending = fc.record({ requeues: fc.nat(9), retries: fc.nat(9), uncounted: fc.nat(9) });
    fc.assert(
      fc.property(
        fc.constantFrom(cancelled, lost('deleted-externally')),
        allowances,
        spending,
        (outcome, allowed, spent) => {
          expect(decideNext(outcome, allowed, spent).do).not.toBe('requeue');
        },
      ),
    );
  });
});

describe('a requeue policy', () => {
  test.each([
    [{ max: 0, on: [] }, true],
    [{ max: 5, on: ['exit:75', 'node-lost'] }, true],
    [{ max: 6, on: [] }, false],
    [{ max: -1, on: [] }, false],
    [{ max: 1.5, on: [] }, false],
    [{ max: 5, on: ['exit:0'] }, false],
    [{ max: 5, on: ['deleted-externally'] }, false],
    [{ max: 5, on: ['requested'] }, false],
  ])('%j is allowed: %s', (policy, allowed) => {
    expect(requeuePolicy.safeParse(policy).success).toBe(allowed);
  });
});
