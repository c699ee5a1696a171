import type { RunEnd } from '../../client/index.ts';
import type { Epoch } from './epochs.ts';

export interface Trained {
  end: Pick<RunEnd, 'state' | 'attempts'>;
  epochs: readonly Epoch[];
}

export const leastAccuracy = 0.95;

/** What is wrong with a run that was preempted once, compared with one of the same configuration that was not. Empty: nothing. */
export function problemsOf(preempted: Trained, reference: Trained): string[] {
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  expect(reference.end.state === 'succeeded', `the uninterrupted run ended as ${reference.end.state}`);
  expect(preempted.end.state === 'succeeded', `the preempted run ended as ${preempted.end.state}`);
  expect(
    preempted.end.attempts.length === 2,
    `the preempted run took ${String(preempted.end.attempts.length)} attempts, not 2`,
  );
  const lastBefore = preempted.epochs.filter(({ attempt }) => attempt === 1).at(-1)?.epoch;
  const firstAfter = preempted.epochs.find(({ attempt }) => attempt === 2)?.epoch;
  expect(
    lastBefore !== undefined && firstAfter === lastBefore + 1,
    `attempt 1 ended after epoch ${String(lastBefore)}, attempt 2 went on with epoch ${String(firstAfter)}`,
  );
  const [last, expected] = [preempted.epochs.at(-1), reference.epochs.at(-1)];
  expect(
    last !== undefined && last.loss === expected?.loss && last.epoch === expected.epoch,
    `the final loss is ${String(last?.loss)}, that of the uninterrupted run ${String(expected?.loss)}`,
  );
  expect(
    (last?.accuracy ?? 0) > leastAccuracy,
    `the accuracy is ${String(last?.accuracy)}, not above ${String(leastAccuracy)}`,
  );
  return problems;
}
