import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  progress,
  submitSweep,
  sweepResult,
  trials,
  type Relaunch,
  type SweepResult,
  type TrialRow,
} from '../../client/index.ts';
import { pageOf } from '../cli.ts';
import { describeSweep } from '../follow-sweep.ts';
import { readSweepFile } from '../read-sweep.ts';
import type { Progress } from './progress.ts';
import type { Play } from './train-twice.ts';

/** Live runs at a time: as many as the sweep has workers. */
export const sweepMaxJobs = 4;

const file = fileURLToPath(new URL('../../examples/sweeps/grid.yaml', import.meta.url));
const metric = 'val_acc';
/** After three epochs, with the best of the settings. */
const leastBest = 0.9;

/** Runs examples/sweeps/grid.yaml. Answers whether all is as it should be. */
export async function sweepDigits({ relaunch, progress: shown, signal }: Play, user: string): Promise<boolean> {
  const startedAt = performance.now();
  const { sweep } = readSweepFile(file, process.cwd(), {});
  const { id } = await submitSweep(relaunch, { ...sweep, launch: { ...sweep.launch, queue: 'laptop', user } });
  shown.say(`sweep ${id}: every combination of three learning rates, two sizes and two batches`);
  const ended = sweepResult(relaunch, id);
  await watch(relaunch, id, shown, ended, signal);
  const [end, rows] = [await ended, await trials(relaunch, id)];
  const problems = problemsOf(end, rows);
  for (const problem of problems) shown.say(`wrong: ${problem}`);
  if (problems.length > 0) return false;
  shown.say(`\n${describeSweep(end)}`);
  for (const { config, summary } of best(rows)) {
    const settings = Object.entries(config).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    shown.say(`accuracy  ${String(summary[metric]?.last)}  with ${settings.join(', ')}`);
  }
  shown.say(`results   relaunch sweep results ${id}`);
  shown.say(`page      ${pageOf(relaunch.settings, id) ?? ''}`);
  shown.say(`took      ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  return true;
}

async function watch(
  relaunch: Relaunch,
  id: string,
  shown: Progress,
  ended: Promise<SweepResult>,
  signal: AbortSignal,
): Promise<void> {
  const seen = { over: false, before: '' };
  const end = ended.finally(() => (seen.over = true));
  end.catch(() => undefined);
  while (!seen.over) {
    signal.throwIfAborted();
    const now = await progress(relaunch, id);
    if (now !== undefined && describeSweep(now) !== seen.before) {
      seen.before = describeSweep(now);
      const { succeeded, failed, cancelled } = now.tally;
      shown.trials(succeeded + failed + cancelled, now.total ?? 0, seen.before);
    }
    await Promise.race([sleep(500), end]);
  }
}

/** The three best trials, the best first. */
const best = (rows: readonly TrialRow[]): TrialRow[] =>
  rows.toSorted((a, b) => (b.summary[metric]?.last ?? 0) - (a.summary[metric]?.last ?? 0)).slice(0, 3);

function problemsOf({ state, tally }: SweepResult, rows: readonly TrialRow[]): string[] {
  const points = new Set(rows.map(({ config }) => JSON.stringify(config)));
  return [
    ...(state === 'succeeded' && tally.succeeded === 12
      ? []
      : [`the sweep ended as ${state}: ${JSON.stringify(tally)}`]),
    ...(points.size === 12 ? [] : [`${String(points.size)} points were run, not 12`]),
    ...((tally.best?.value ?? 0) >= leastBest ? [] : [`the best accuracy is ${String(tally.best?.value)}`]),
  ];
}
