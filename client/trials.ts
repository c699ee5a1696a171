import { sweepIdOf } from '../contracts/names.ts';
import { runResult, type MetricsSummary } from '../contracts/run-result.ts';
import { indexOfTrial } from '../contracts/trial.ts';
import type { Config } from '../contracts/trial-command.ts';
import { pointsOf } from '../search/points-of.ts';
import { closingOf } from './closing.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { describe, list } from './runs.ts';
import type { RunRow, ShownState } from './run-row.ts';
import { checkSweep } from './sweep-submit.ts';
import { acceptedSweep } from './sweeps.ts';
import type { SweepSpecInput } from '../contracts/sweep-spec.ts';

/** One trial of a sweep: where it is run again because it failed, the newest run. */
export interface TrialRow {
  index: number;
  run: string;
  state: ShownState;
  config: Config;
  /** Of its metrics; empty while it goes on. */
  summary: MetricsSummary;
  attempts: number;
  startedAt: Date;
  closedAt: Date | undefined;
}

/** How many results are asked for at a time. */
const together = 16;

/** All trials of a sweep that were started, by number. @throws ClientError bad-input where no agent has accepted it */
export async function trials(relaunch: Relaunch, sweep: string): Promise<TrialRow[]> {
  const { spec } = await acceptedSweep(relaunch, sweep);
  const points = pointsOf(checkSweep(spec as unknown as SweepSpecInput));
  const rows = [...(await newestRuns(relaunch, sweep)).entries()].sort(([a], [b]) => a - b);
  const made: TrialRow[] = [];
  for (let at = 0; at < rows.length; at += together) {
    const some = rows.slice(at, at + together).map(async ([index, listed]): Promise<TrialRow> => {
      // Lists lag behind: the last word is the workflow's own.
      const row = listed.closedAt === undefined ? await describe(relaunch, listed.workflowId) : listed;
      const end = row.closedAt === undefined ? undefined : await endOf(relaunch, row.workflowId);
      return {
        ...{ index, run: row.workflowId, state: row.state, config: points.at(index) as Config },
        ...{ summary: end?.summary ?? {}, attempts: end?.attempts.length ?? row.attempt ?? 1 },
        ...{ startedAt: row.startedAt, closedAt: row.closedAt },
      };
    });
    made.push(...(await Promise.all(some)));
  }
  return made;
}

async function newestRuns(relaunch: Relaunch, sweep: string): Promise<Map<number, RunRow>> {
  const newest = new Map<number, RunRow>();
  // The newest come first.
  for (const row of await rowsOf(relaunch, sweep)) {
    const index = indexOfTrial(sweepIdOf(sweep), row.workflowId) ?? NaN;
    if (!newest.has(index)) newest.set(index, row);
  }
  return newest;
}

/** The ids of all runs of a sweep, also of those that were run again. */
export async function runsOf(relaunch: Relaunch, sweep: string): Promise<string[]> {
  return (await rowsOf(relaunch, sweep)).map(({ workflowId }) => workflowId);
}

async function rowsOf(relaunch: Relaunch, sweep: string): Promise<RunRow[]> {
  const id = sweepIdOf(sweep);
  // The attribute is a claim, the id is not.
  return (await list(relaunch, { sweep: id }, Infinity)).filter(
    ({ workflowId }) => indexOfTrial(id, workflowId) !== undefined,
  );
}

async function endOf(relaunch: Relaunch, workflowId: string) {
  try {
    return (await closingOf(relaunch, workflowId, runResult)).said;
  } catch (error) {
    if (error instanceof ClientError) return undefined;
    throw error;
  }
}
