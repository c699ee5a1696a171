import type { SweepSpec } from '../contracts/sweep-spec.ts';
import type { SweepTally } from '../contracts/sweep-tally.ts';
import type { Trial } from '../contracts/trial.ts';
import type { Config } from '../contracts/trial-command.ts';
import type { Points } from '../search/points.ts';

/** How one trial ended, as far as its sweep cares. */
export type TrialEnd =
  { kind: 'succeeded'; value: number | undefined } | { kind: 'failed'; message: string } | { kind: 'cancelled' };

/** Enough to see what goes wrong; the trials themselves have all of it. */
const keptFailures = 10;

/** The trial to be started next, which is taken; undefined where there is none. */
export function takeTrial(tally: SweepTally, points: Points): Trial | undefined {
  const again = tally.rerun.shift();
  if (again !== undefined) return trial(again, points, tally.reruns);
  const index = nextPoint(tally, points);
  if (index === undefined) return undefined;
  tally.next = index + 1;
  tally.drawn++;
  return trial(index, points, 0);
}

/** Whether no trial is left to be started. */
export function isExhausted(tally: SweepTally, points: Points): boolean {
  return tally.rerun.length === 0 && nextPoint(tally, points) === undefined;
}

const nextPoint = ({ next, drawn, stopped }: SweepTally, points: Points): number | undefined =>
  stopped === undefined ? points.next(next, drawn) : undefined;

const trial = (index: number, points: Points, rerun: number): Trial => ({
  index,
  config: points.at(index) as Config,
  rerun,
});

/** Counts a trial that has ended, and stops the search where the sweep's policy or its target says so. */
export function countEnd(
  tally: SweepTally,
  spec: Pick<SweepSpec, 'metric' | 'maxFailures' | 'maxConsecutiveFailures'>,
  { index, run }: { index: number; run: string },
  end: TrialEnd,
): void {
  tally[end.kind]++;
  if (end.kind === 'failed') countFailure(tally, spec, { index, run, message: end.message });
  if (end.kind !== 'succeeded') return;
  tally.consecutiveFailures = 0;
  if (spec.metric === undefined || end.value === undefined) return;
  const { goal, target } = spec.metric;
  const { value } = end;
  if (tally.best === undefined || isBetter(value, tally.best.value, goal)) tally.best = { index, run, value };
  if (target !== undefined && (value === target || isBetter(value, target, goal))) tally.stopped ??= 'target';
}

function countFailure(
  tally: SweepTally,
  { maxFailures = Infinity, maxConsecutiveFailures = Infinity }: Partial<SweepSpec>,
  failure: SweepTally['failures'][number],
): void {
  tally.consecutiveFailures++;
  tally.failedTrials.push(failure.index);
  const message = failure.message.slice(0, 1_000).toWellFormed();
  tally.failures = [...tally.failures, { ...failure, message }].slice(-keptFailures);
  if (tally.failed > maxFailures) tally.stopped ??= 'max-failures';
  if (tally.consecutiveFailures >= maxConsecutiveFailures) tally.stopped ??= 'consecutive-failures';
}

const isBetter = (value: number, than: number, goal: 'minimize' | 'maximize'): boolean =>
  goal === 'minimize' ? value < than : value > than;

/** Why a sweep that has come to its end has failed; undefined where it has not. */
export function failuresOf({ stopped, succeeded, failed, failures }: SweepTally): string | undefined {
  const last = failures.at(-1);
  const example = last === undefined ? '' : `; the last was ${last.run}: ${last.message}`;
  if (stopped === 'max-failures') return `${String(failed)} trials failed, more than maxFailures allows${example}`;
  if (stopped === 'consecutive-failures') return `too many trials failed one after the other${example}`;
  return succeeded === 0 && failed > 0 ? `all of ${String(failed)} trials failed${example}` : undefined;
}
