import type { RunResult } from '../contracts/run-result.ts';
import { inOrder } from '../store/in-order.ts';
import type { Relaunch } from './connect.ts';
import { unless } from './errors.ts';
import { result } from './result.ts';
import type { RunRow, ShownState } from './run-row.ts';
import { list, status } from './runs.ts';

/** What one submitter had of a queue. */
export interface UserUsage {
  /** Undefined: who did not say. */
  user: string | undefined;
  runs: number;
  states: Partial<Record<ShownState, number>>;
  requeues: number;
  /** Of all attempts, from an agent's putting it into its backend to its end. */
  machineMs: number;
  /** From being in the queue, with builds before it, to an agent; undefined: none of theirs came that far. */
  waitedMs: { p50: number; most: number } | undefined;
}

export interface QueueUsage {
  queue: string;
  since: Date;
  /** There were more runs than were looked at: these are the newest. */
  more: boolean;
  /** Who had most machine time first. */
  users: UserUsage[];
}

export interface QueueUsageOptions {
  /** Runs that lived since; default: seven days ago. Each counts as a whole. */
  since?: Date;
  user?: string | undefined;
  /** The most runs that are looked at, one request for each; default 2,000. */
  limit?: number;
}

const weekMs = 7 * 86_400_000;

/** Who used a queue: runs, how they ended, machine time, and how long they waited. */
export async function queueUsage(
  relaunch: Relaunch,
  queue: string,
  { since = new Date(Date.now() - weekMs), user, limit = 2_000 }: QueueUsageOptions = {},
): Promise<QueueUsage> {
  const query = `CloseTime > '${since.toISOString()}' OR ExecutionStatus = 'Running'`;
  const rows = await list(relaunch, { queue, user, query }, limit + 1);
  const used: UsedRun[] = [];
  for await (const run of inOrder(rows.slice(0, limit), (row) => usedRun(relaunch, row))) used.push(run);
  return { queue, since, more: rows.length > limit, users: usageOf(used, Date.now()) };
}

type UsedRun = Pick<RunRow, 'user' | 'state' | 'startedAt'> & Pick<RunResult, 'attempts' | 'requeues'>;

async function usedRun(relaunch: Relaunch, row: RunRow): Promise<UsedRun> {
  const { attempts = [], requeues = 0 } = (await saidBy(relaunch, row)) ?? {};
  return { ...row, attempts, requeues };
}

/** Undefined: it ended past its own code, or was deleted meanwhile, and is counted as far as Temporal knows it. */
const saidBy = (relaunch: Relaunch, { workflowId, closedAt }: RunRow): Promise<RunResult | undefined> =>
  closedAt === undefined
    ? status(relaunch, workflowId)
    : unless(['run-terminated', 'run-not-found'], result(relaunch, workflowId));

/** The pure part. `now` in ms: until then attempts that go on have had their machines. */
export function usageOf(runs: readonly UsedRun[], now: number): UserUsage[] {
  const users = Map.groupBy(runs, ({ user }) => user);
  return [...users]
    .map(([user, theirs]) => ({
      user,
      runs: theirs.length,
      states: Object.fromEntries(
        [...Map.groupBy(theirs, ({ state }) => state)].map(([state, of]) => [state, of.length]),
      ),
      requeues: theirs.reduce((sum, { requeues }) => sum + requeues, 0),
      machineMs: theirs.flatMap(({ attempts }) => attempts).reduce((sum, each) => sum + machineMsOf(each, now), 0),
      waitedMs: spreadOf(theirs.flatMap(waitsOf)),
    }))
    .sort((a, b) => b.machineMs - a.machineMs || b.runs - a.runs);
}

type Attempt = RunResult['attempts'][number];

function machineMsOf({ placedAt, endedAt }: Attempt, now: number): number {
  if (placedAt === undefined) return 0;
  return Math.max(0, (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(placedAt));
}

/** What came before the first attempt belongs to its wait. */
const waitsOf = ({ startedAt, attempts }: UsedRun): number[] =>
  attempts.flatMap((one, i) =>
    one.placedAt === undefined
      ? []
      : [Date.parse(one.placedAt) - (i === 0 ? startedAt.getTime() : Date.parse(one.startedAt))],
  );

function spreadOf(values: readonly number[]): UserUsage['waitedMs'] {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50, most] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted.at(-1)];
  return p50 === undefined || most === undefined ? undefined : { p50, most };
}
