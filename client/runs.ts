import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { PinnedGit } from '../contracts/git-source.ts';
import { statusQuery, type RunStatus } from '../contracts/messages.ts';
import { plan as runPlan } from '../contracts/plan.ts';
import { isScheduled } from '../contracts/pending-activities.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord } from '../store/records.ts';
import type { Relaunch } from './connect.ts';
import { unless } from './errors.ts';
import { result, type RunEnd } from './result.ts';
import { rowOf, type RunRow } from './run-row.ts';
import { asking } from './temporal-errors.ts';
import { troublesOf, type Trouble } from './troubles.ts';
import { queueState } from './queue-state.ts';
import { buildersOf, trafficOf } from './traffic.ts';
import { unserved, whyRunWaits } from './why-waits.ts';
import { matches, runQuery, type RunFilter } from './visibility.ts';

/** A control worker answers in milliseconds, if there is one. */
const queryPatienceMs = 2_000;

/** Of those that wait beside a run. */
const mostLookedAt = 1_000;

export interface RunView extends RunRow {
  /** Of an open run. Undefined: no control worker answered. */
  status: RunStatus | undefined;
  /** Of a closed run. Undefined: it was ended past its own code. */
  end: RunEnd | undefined;
  /** What fails, and is tried again. */
  troubles: Trouble[];
  /** The commit that it runs, once an agent has pinned it. */
  git?: PinnedGit;
  /** Of its queue's file, which it keeps. */
  queueVersion?: string;
  /** What it waits for, in sentences, where it stands in its queue or nobody is there who would make its image. */
  waits?: string[];
}

/** Runs that match, the newest first. `limit`: default 50. */
export async function list(relaunch: Relaunch, filter: RunFilter = {}, limit = 50): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  if (limit <= 0) return rows;
  await asking(relaunch.settings, undefined, async () => {
    for await (const info of relaunch.temporal.workflow.list({
      query: runQuery(filter),
      pageSize: Math.min(limit, 1_000),
    })) {
      const row = rowOf(info);
      if (matches(row, filter)) rows.push(row);
      if (rows.length >= limit) break;
    }
  });
  return rows;
}

/** One run, as far as it can be told now. @throws ClientError run-not-found */
export async function show(relaunch: Relaunch, workflowId: string): Promise<RunView> {
  const described = await describeWorkflow(relaunch, workflowId);
  const row = rowOf(described);
  const view = {
    ...row,
    troubles: await troublesOf(described, relaunch.temporal),
    ...(await planned(relaunch, row.id)),
  };
  if (view.closedAt === undefined) {
    const shown = { ...view, status: await status(relaunch, workflowId), end: undefined };
    const waits = await whyWaits(relaunch, described, shown);
    return waits.length === 0 ? shown : { ...shown, waits };
  }
  return { ...view, status: undefined, end: await unless(['run-terminated'], result(relaunch, workflowId)) };
}

/** What an agent has found for it; nothing also where the store cannot be read from here. */
async function planned({ store }: Relaunch, run: string): Promise<Pick<RunView, 'git' | 'queueVersion'>> {
  const plan = await readRecord(store, keyOf.plan(run), runPlan).catch(() => undefined);
  const git = plan !== undefined && 'git' in plan.source ? plan.source.git : undefined;
  const queueVersion = plan?.queueVersion;
  return { ...(git === undefined ? {} : { git }), ...(queueVersion === undefined ? {} : { queueVersion }) };
}

async function whyWaits(
  relaunch: Relaunch,
  { raw: { pendingActivities } }: WorkflowExecutionDescription,
  { queue = '', status, ...run }: RunView,
): Promise<string[]> {
  if (isScheduled(pendingActivities, 'buildImage')) return whyUnbuilt(relaunch, queue);
  if (isScheduled(pendingActivities, 'resolveLaunch')) {
    const { agents } = await trafficOf(relaunch, queue);
    return agents.length > 0 ? [] : [unserved(queue)];
  }
  if (!isScheduled(pendingActivities, 'submitAttempt')) return [];
  const [state, others] = await Promise.all([
    queueState(relaunch, queue),
    list(relaunch, { queue, state: 'queued' }, mostLookedAt),
  ]);
  return whyRunWaits(state, { run, priorityKey: status?.plan?.priorityKey, others });
}

async function whyUnbuilt(relaunch: Relaunch, queue: string): Promise<string[]> {
  if ((await buildersOf(relaunch, queue)).length > 0) return [];
  return [
    `nobody asks for images to make for queue ${queue}: start an agent whose file has a builder, if all are not just busy`,
  ];
}

/** Waits until a run has ended. The same as {@link result}. */
export const wait = result;

/** @throws ClientError run-not-found */
export async function describe(relaunch: Relaunch, workflowId: string): Promise<RunRow & Pick<RunView, 'troubles'>> {
  const described = await describeWorkflow(relaunch, workflowId);
  return { ...rowOf(described), troubles: await troublesOf(described, relaunch.temporal) };
}

function describeWorkflow({ temporal, settings }: Relaunch, workflowId: string) {
  return asking(settings, workflowId, () => temporal.workflow.getHandle(workflowId).describe());
}

/** Asks the run itself. Undefined: nobody answered within 2 s. */
export async function status({ temporal }: Relaunch, workflowId: string): Promise<RunStatus | undefined> {
  try {
    return await temporal.withDeadline(Date.now() + queryPatienceMs, () =>
      temporal.workflow.getHandle(workflowId).query(statusQuery),
    );
  } catch {
    return undefined;
  }
}
