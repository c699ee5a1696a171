import { expect, test } from 'vitest';
import { nameOutcome, outcomeAsked } from '../../contracts/asked-outcome.ts';
import { describeOutcome, type AttemptOutcome } from '../../contracts/outcome.ts';
import { mergeSummaries } from '../../contracts/run-result.ts';

const at = '2026-11-24T12:00:00.000Z';
const killed: AttemptOutcome = { kind: 'failed', cause: 'exit-code', exitCode: 143, at, node: 'n1', message: 'saved' };

test.each([
  [{ as: 'cancelled', by: 'ada', reason: 'wrong data' }, 'cancelled by ada (wrong data) on n1'],
  [{ as: 'preempted', by: 'ada', reason: 'needs the GPU' }, 'preempted (requested, by ada) on n1: needs the GPU'],
  [{ as: 'preempted' }, 'preempted (requested, by unknown) on n1'],
  [{ as: 'timed-out', phase: 'run' }, 'timed out (run) on n1: saved'],
  [{ as: 'stopped-early' }, 'stopped-early on n1: saved'],
  [{ as: 'lost', reason: 'agent a did not answer' }, 'lost (agent-lost) on n1: saved'],
] as const)('an attempt that was to end as %o reads "%s"', (asked, words) => {
  expect(describeOutcome(nameOutcome(killed, { attempt: 1, ...asked }, []))).toBe(words);
});

test('an agent that is lost says so where nothing else is known', () => {
  const outcome = outcomeAsked({ as: 'lost', reason: 'agent a did not answer' }, { at });
  expect(describeOutcome(outcome)).toBe('lost (agent-lost): agent a did not answer');
});

test('a success stays one, whatever was asked', () => {
  const done: AttemptOutcome = { kind: 'succeeded', exitCode: 0, at };
  expect(nameOutcome(done, { attempt: 1, as: 'cancelled' }, [])).toBe(done);
});

test('a job that left with a code its queue requeues on has preempted itself', () => {
  expect(nameOutcome(killed, undefined, ['exit:143'])).toMatchObject({
    kind: 'preempted',
    reason: 'exit:143',
    by: 'job',
  });
  expect(nameOutcome(killed, undefined, ['exit:1'])).toBe(killed);
});

test('metrics of several attempts: the last value, the least and the greatest of all', () => {
  const first = { loss: { last: 2, min: 1, max: 9 } };
  const second = { loss: { last: 3, min: 2, max: 4 }, epoch: { last: 5, min: 5, max: 5 } };
  expect(mergeSummaries(first, second)).toEqual({
    loss: { last: 3, min: 1, max: 9 },
    epoch: { last: 5, min: 5, max: 5 },
  });
});
