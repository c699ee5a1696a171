import { plan as runPlan } from '../contracts/plan.ts';
import { runIdOf } from '../contracts/names.ts';
import type { SweepSpecInput } from '../contracts/sweep-spec.ts';
import type { Workers } from '../contracts/sweep-workers.ts';
import type { Config } from '../contracts/trial-command.ts';
import { pointsOf } from '../search/points-of.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { checkSweepOnQueue, seededSweep } from './sweep-submit.ts';

/** What a sweep would run. */
export interface PlannedSweep extends Workers {
  method: 'grid' | 'random';
  seed: number;
  /** Undefined: without end. */
  points: number | undefined;
  /** Points that are run: without those of prior runs, within the cap. Undefined: without end. */
  total: number | undefined;
  /** The first trials, at most ten. */
  first: { index: number; config: Config }[];
  /** What the client could not check, in words. */
  notes: string[];
}

/** What a sweep would run. Starts nothing, uploads nothing. @throws RelaunchError LaunchRejected with every wrong field */
export async function plannedSweep(relaunch: Relaunch, input: SweepSpecInput): Promise<PlannedSweep> {
  const { spec, seeded } = seededSweep(input);
  const points = pointsOf(spec);
  const checked = await checkSweepOnQueue(relaunch, spec, seeded);
  const first = points.first(10) as PlannedSweep['first'];
  const { method, seed } = spec;
  const all = pointsOf({ ...spec, runCap: undefined, prior: [] }).total;
  return { method, seed, points: all, total: points.total, first, ...checked };
}

/** Runs that count as trials of a new sweep, with the configurations they had. @throws ClientError run-not-found */
export async function priorRuns(
  { store }: Relaunch,
  runs: readonly string[],
): Promise<NonNullable<SweepSpecInput['prior']>> {
  return Promise.all(
    runs.map(async (run) => {
      const plan = await readRecord(store, keyOf.plan(runIdOf(run)), runPlan);
      if (plan !== undefined) return { run, config: plan.runConfig };
      throw new ClientError('run-not-found', `there is no record of run "${run}" in ${store.url}.`);
    }),
  );
}
