import type { WorkflowExecutionInfo } from '@temporalio/client';
import { sweepIdOf } from '../contracts/names.ts';
import { searchAttribute } from '../contracts/search-attributes.ts';
import {
  pauseUpdate,
  progressQuery,
  rerunFailedUpdate,
  resumeUpdate,
  setNumWorkersUpdate,
  sweepWorkflowType,
} from '../contracts/sweep-messages.ts';
import { sweepPlan, sweepSummaryOf, type SweepPlan } from '../contracts/sweep-plan.ts';
import {
  sweepResult as resultSchema,
  sweepStates,
  type SweepResult,
  type SweepState,
} from '../contracts/sweep-result.ts';
import type { SweepSpecInput } from '../contracts/sweep-spec.ts';
import { goOn, rerunFailed, sweepTally } from '../contracts/sweep-tally.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import { closingOf } from './closing.ts';
import type { Relaunch } from './connect.ts';
import { ClientError, unless } from './errors.ts';
import { update } from './messages.ts';
import { rowOf as runRowOf } from './run-row.ts';
import { checkSweep, startSweep } from './sweep-submit.ts';
import { asking } from './temporal-errors.ts';

/** What Temporal knows of a sweep without asking it. All texts are the submitter's. */
export interface SweepRow {
  id: string;
  name: string | undefined;
  /** `terminated`: ended in Temporal, past its own code. */
  state: SweepState | 'terminated';
  queue: string | undefined;
  project: string | undefined;
  user: string | undefined;
  startedAt: Date;
  closedAt: Date | undefined;
}

/** How a sweep ended. */
export interface SweepEnd extends SweepResult {
  /** Why it failed, of a FailureType. Only where it did. */
  failure?: { type: string; message: string };
}

/** The sweeps of an entity, the newest first. */
export async function listSweeps(relaunch: Relaunch, limit = 50): Promise<SweepRow[]> {
  const rows: SweepRow[] = [];
  await asking(relaunch.settings, undefined, async () => {
    const query = `WorkflowType = '${sweepWorkflowType}' AND ExecutionStatus != 'ContinuedAsNew'`;
    for await (const info of relaunch.temporal.workflow.list({ query, pageSize: Math.min(limit, 1_000) })) {
      rows.push(rowOf(info));
      if (rows.length >= limit) break;
    }
  });
  return rows;
}

/** One sweep, as far as it can be told now. @throws ClientError run-not-found */
export async function showSweep(
  relaunch: Relaunch,
  sweep: string,
): Promise<SweepRow & { progress: SweepEnd | undefined }> {
  const row = await describeSweep(relaunch, sweep);
  const open = row.closedAt === undefined;
  return {
    ...row,
    progress: open ? await progress(relaunch, sweep) : await unless(['run-terminated'], sweepResult(relaunch, sweep)),
  };
}

/** How far a sweep is; undefined where nobody answered within 2 s. */
export async function progress({ temporal }: Relaunch, sweep: string): Promise<SweepResult | undefined> {
  try {
    return await temporal.withDeadline(Date.now() + 2_000, () =>
      temporal.workflow.getHandle(sweep).query(progressQuery),
    );
  } catch {
    return undefined;
  }
}

/**
 * Waits until a sweep has ended and answers how, for all endings alike: a failure is a value here.
 * @throws ClientError run-not-found; run-terminated where it was ended in Temporal, past its own code
 */
export async function sweepResult(relaunch: Relaunch, sweep: string): Promise<SweepEnd> {
  const { closed, said, failure } = await closingOf(relaunch, sweep, resultSchema);
  const end = said ?? { sweep, state: closed, running: 0, tally: sweepTally.parse({}) };
  return failure === undefined ? end : { ...end, failure };
}

/** Trials in flight at once, from now on. @throws ClientError bad-input beyond the queue's bound; run-not-found, run-ended */
export async function setNumWorkers(relaunch: Relaunch, sweep: string, numWorkers: number): Promise<number> {
  await describeSweep(relaunch, sweep);
  return update(relaunch, sweep, setNumWorkersUpdate, [numWorkers]);
}

/** No other trial is started until {@link resumeSweep}; those in flight go on. @throws ClientError run-not-found, run-ended */
export async function pauseSweep(relaunch: Relaunch, sweep: string): Promise<void> {
  await describeSweep(relaunch, sweep);
  await update(relaunch, sweep, pauseUpdate, []);
}

/**
 * Lets a sweep go on: one that was paused, or one that has ended, from where it was. `runCap`: its new cap, of an ended one.
 * @throws ClientError run-not-found; bad-input where it is open and a cap is given, or where there is nothing to go on from
 */
export async function resumeSweep(
  relaunch: Relaunch,
  sweep: string,
  { runCap }: { runCap?: number } = {},
): Promise<void> {
  const { closedAt } = await describeSweep(relaunch, sweep);
  if (closedAt !== undefined) {
    await restart(relaunch, sweep, { ...(runCap === undefined ? {} : { runCap }) }, () => undefined);
    return;
  }
  if (runCap !== undefined) {
    throw new ClientError('bad-input', `sweep "${sweep}" has not ended: its cap can be changed when it has.`);
  }
  await update(relaunch, sweep, resumeUpdate, []);
}

/** Runs the failed trials of a sweep again, whether it has ended or not. Answers how many. @throws ClientError run-not-found */
export async function rerunFailedTrials(relaunch: Relaunch, sweep: string): Promise<number> {
  const { closedAt } = await describeSweep(relaunch, sweep);
  if (closedAt === undefined) return update(relaunch, sweep, rerunFailedUpdate, []);
  const { tally } = await sweepResult(relaunch, sweep);
  const failed = tally.failedTrials.length;
  if (failed > 0) await restart(relaunch, sweep, {}, rerunFailed);
  return failed;
}

/** What an agent has accepted of a sweep. @throws ClientError bad-input where there is no record of it */
export async function acceptedSweep({ store }: Relaunch, sweep: string): Promise<SweepPlan> {
  const plan = await readRecord(store, keyOf.sweepPlan(sweepIdOf(sweep)), sweepPlan);
  if (plan !== undefined) return plan;
  throw new ClientError(
    'bad-input',
    `no agent has accepted sweep "${sweep}": there is no record of it in ${store.url}.`,
  );
}

async function restart(
  relaunch: Relaunch,
  sweep: string,
  changed: Partial<SweepSpecInput>,
  change: (tally: SweepResult['tally']) => unknown,
): Promise<void> {
  const [plan, { tally, numWorkers }] = await Promise.all([
    acceptedSweep(relaunch, sweep),
    sweepResult(relaunch, sweep),
  ]);
  goOn(tally);
  change(tally);
  const input = { ...(plan.spec as unknown as SweepSpecInput), ...changed };
  const carried = { plan: sweepSummaryOf(plan), numWorkers: numWorkers ?? plan.numWorkers, paused: false, tally };
  await startSweep(relaunch, sweep, input, checkSweep(input), carried);
}

/** @throws ClientError run-not-found */
export async function describeSweep({ temporal, settings }: Relaunch, sweep: string): Promise<SweepRow> {
  const asked = asking(settings, sweep, () => temporal.workflow.getHandle(sweep).describe());
  const found = await unless(['run-not-found'], asked);
  if (found?.type === sweepWorkflowType) return rowOf(found);
  const what = found === undefined ? 'there is no sweep' : 'a run, and no sweep, is';
  throw new ClientError(
    'run-not-found',
    `${what} "${sweep}" in entity "${settings.entity}". \`relaunch sweep list\` shows those there are.`,
  );
}

function rowOf(info: Parameters<typeof runRowOf>[0]): SweepRow {
  const { workflowId: id, name, queue, project, user, startedAt, closedAt } = runRowOf(info);
  const state = stateOf(info.status.name, info.typedSearchAttributes.get(searchAttribute.state));
  return { id, name, state, queue, project, user, startedAt, closedAt };
}

function stateOf(closing: WorkflowExecutionInfo['status']['name'], own: string | undefined): SweepRow['state'] {
  if (closing === 'TERMINATED') return 'terminated';
  const known = sweepStates.find((state) => state === own) ?? 'queued';
  if (closing === 'RUNNING') return known;
  if (closing === 'COMPLETED') return 'succeeded';
  if (closing === 'CANCELLED') return 'cancelled';
  return known === 'timed-out' ? known : 'failed';
}
