import type { QueueSpec } from '../contracts/queue-spec.ts';
import { slotTable } from '../contracts/slots.ts';
import { keyOf } from '../store/layout.ts';
import { readQueue } from '../store/queues.ts';
import { readRecord } from '../store/records.ts';
import { listAgents, type AgentRow } from './agents.ts';
import type { Relaunch } from './connect.ts';
import { asking } from './temporal-errors.ts';
import { trafficOf, type QueueTraffic } from './traffic.ts';
import { runQuery, type RunFilter } from './visibility.ts';
import { whyQueueWaits } from './why-waits.ts';

/** What there is of a queue at this moment, as far as this client may look. */
export interface QueueState extends QueueTraffic {
  queue: string;
  /** Those that are alive and serve it; undefined: the store cannot be read from here. */
  serving: AgentRow[] | undefined;
  /** Undefined: none, or it cannot be read from here. */
  maxLive: number | undefined;
  /** How many of them are taken. */
  placesTaken: number;
}

/** A queue in a list. */
export interface QueueRow extends QueueState {
  /** Runs on machines, or on their way there. */
  live: number;
  failedLastDay: number;
  /** Why nothing of it is started now; none: whatever comes is. */
  waits: string[];
}

const dayMs = 86_400_000;

/** A queue's state, with what its runs do. */
export async function queueRow(relaunch: Relaunch, queue: string, known: Known = {}): Promise<QueueRow> {
  const since = new Date(Date.now() - dayMs).toISOString();
  const [state, live, failedLastDay] = await Promise.all([
    queueState(relaunch, queue, known),
    count(relaunch, { queue, state: ['starting', 'running'], query: "ExecutionStatus = 'Running'" }),
    count(relaunch, { queue, query: `ExecutionStatus = 'Failed' AND CloseTime > '${since}'` }),
  ]);
  return { ...state, live, failedLastDay, waits: whyQueueWaits(state) };
}

const count = async ({ temporal, settings }: Relaunch, filter: RunFilter): Promise<number> =>
  (await asking(settings, undefined, () => temporal.workflow.count(runQuery(filter)))).count;

/** What the caller has read already. */
interface Known {
  /** All agents of the store. */
  agents?: Promise<AgentRow[]>;
  spec?: Promise<QueueSpec>;
}

/** Asks Temporal and the store about a queue. */
export async function queueState(
  relaunch: Relaunch,
  queue: string,
  { agents: all = listAgents(relaunch.store), spec: file = readQueue(relaunch.store, queue) }: Known = {},
): Promise<QueueState> {
  const { store } = relaunch;
  const [traffic, agents, spec, table] = await Promise.all([
    trafficOf(relaunch, queue),
    all.catch(() => undefined),
    file.catch(() => undefined),
    readRecord(store, keyOf.slots(queue), slotTable).catch(() => undefined),
  ]);
  return {
    ...traffic,
    queue,
    serving: agents?.filter(({ alive, queues }) => alive && queues?.includes(queue) === true),
    maxLive: spec?.maxLive,
    placesTaken: table?.slots.filter(({ attempt }) => attempt !== undefined).length ?? 0,
  };
}
