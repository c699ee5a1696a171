import { expect, test } from 'vitest';
import { epochOf, type Epoch } from '../../scripts/quickstart/epochs.ts';
import { problemsOf, type Trained } from '../../scripts/quickstart/verdict.ts';

const line = (m: string) => ({ attempt: 1, line: { t: '', s: 'stdout' as const, m } });
const report = { attempt: 1, startedAt: '' };
const epochs = (attempt: number, from: number, to: number): Epoch[] =>
  Array.from({ length: to - from }, (_, i) => ({
    attempt,
    epoch: from + i,
    loss: `0.${String(from + i)}`,
    accuracy: 0.97,
  }));
const reference: Trained = { end: { state: 'succeeded', attempts: [report] }, epochs: epochs(1, 0, 20) };
const resumed = (...all: Epoch[]): Trained => ({
  end: { state: 'succeeded', attempts: [report, { ...report, attempt: 2 }] },
  epochs: all,
});

test('an epoch keeps its loss digit for digit', () => {
  expect(epochOf(line('{"epoch": 3, "loss": 0.100000, "val_acc": 0.9, "x": 1}'))).toEqual({
    attempt: 1,
    epoch: 3,
    loss: '0.100000',
    accuracy: 0.9,
  });
  expect(epochOf(line('{"event": "start", "epoch": 0, "loss": 0.0}'))).toBeUndefined();
  expect(epochOf(line('loss "loss": 3 not json'))).toBeUndefined();
});

test('an exact resume has no problems', () => {
  expect(problemsOf(resumed(...epochs(1, 0, 7), ...epochs(2, 7, 20)), reference)).toEqual([]);
});

test('an epoch that was trained twice, or left out, is a problem', () => {
  expect(problemsOf(resumed(...epochs(1, 0, 7), ...epochs(2, 6, 20)), reference)).toEqual([
    'attempt 1 ended after epoch 6, attempt 2 went on with epoch 6',
  ]);
});

test('every difference is named', () => {
  const other = resumed(
    ...epochs(1, 0, 7),
    ...epochs(2, 7, 20).map((epoch) => ({ ...epoch, loss: '9', accuracy: 0.5 })),
  );
  expect(problemsOf({ ...other, end: { state: 'failed', attempts: [] } }, reference)).toEqual([
    'the preempted run ended as failed',
    'the preempted run took 0 attempts, not 2',
    'the final loss is 9, that of the uninterrupted run 0.19',
    'the accuracy is 0.5, not above 0.95',
  ]);
});
