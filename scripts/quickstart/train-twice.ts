import type { Relaunch } from '../../client/index.ts';
import { pageOf } from '../cli.ts';
import type { Progress } from './progress.ts';
import { preemption, submitDigits, watch, type DigitsOptions, type Interruption, type Watcher } from './train.ts';
import { problemsOf } from './verdict.ts';

/** The epoch after which the one run loses its machine. */
export const interruptAfter = 5;

const silent: Watcher = { epoch: () => undefined, say: () => undefined };

export interface Play {
  relaunch: Relaunch;
  progress: Progress;
  signal: AbortSignal;
}

/** Trains examples/digits twice, interrupts one of them (default: preempts it), and compares. Answers whether all is as it should be. */
export async function trainTwice(
  { relaunch, progress, signal }: Play,
  digits: Pick<DigitsOptions, 'queue' | 'source' | 'user'>,
  interruption: Interruption = preemption(relaunch, interruptAfter),
): Promise<boolean> {
  const startedAt = performance.now();
  const reference = await submitDigits(relaunch, { name: 'digits-uninterrupted', epochSleepS: 0, ...digits });
  const run = await submitDigits(relaunch, { name: 'digits', epochSleepS: 0.25, ...digits });
  progress.say(`launched ${run.id}, and ${reference.id} to compare it with`);
  const [uninterrupted, preempted] = await Promise.all([
    watch(relaunch, reference, undefined, silent, signal),
    watch(relaunch, run, interruption, progress, signal),
  ]);
  const problems = problemsOf(preempted, uninterrupted);
  for (const problem of problems) progress.say(`wrong: ${problem}`);
  if (problems.length > 0) return false;
  const last = preempted.epochs.at(-1);
  const before = preempted.epochs.filter(({ attempt }) => attempt === 1).length;
  progress.say(`\naccuracy  ${String(last?.accuracy)}`);
  progress.say(`attempts  2: preempted after ${String(before)} epochs, went on with epoch ${String(before + 1)}`);
  progress.say(`loss      ${String(last?.loss)}, digit for digit that of the uninterrupted run`);
  progress.say(`page      ${pageOf(relaunch.settings, run.workflowId) ?? ''}`);
  progress.say(`took      ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  return true;
}
