import type { AgentRow } from './agents.ts';
import type { QueueState } from './queue-state.ts';
import type { RunRow } from './run-row.ts';

/** A run that stands in its queue, and those beside it. */
export interface Waiting {
  run: Pick<RunRow, 'workflowId' | 'startedAt' | 'attempt'>;
  /** Temporal's key of its priority; lower first. Undefined: nobody knows now. */
  priorityKey: number | undefined;
  /** All that wait in its queue. */
  others: readonly Pick<RunRow, 'workflowId' | 'startedAt' | 'user'>[];
}

export const unserved = (queue: string): string =>
  `no agent serves queue ${queue}: start one with \`relaunch agent -q ${queue}\``;

/** Why nothing of a queue is started now, in sentences, the weightiest first. None: whatever comes is taken at once. */
export function whyQueueWaits(state: QueueState): string[] {
  const { queue, paused, serving, maxLive, placesTaken } = state;
  const reasons: string[] = [];
  if (paused !== undefined) reasons.push(`queue ${queue} is paused by ${paused.by}: ${paused.reason}`);
  if (state.agents.length === 0 && (serving ?? []).length === 0) return [...reasons, unserved(queue)];
  if (maxLive !== undefined && placesTaken >= maxLive)
    reasons.push(`all ${String(maxLive)} places of queue ${queue} (maxLive) are taken`);
  if (serving !== undefined && serving.length > 0 && !serving.some(hasPlace))
    reasons.push(`its agents have no place: ${serving.map(placesOf).join(', ')}`);
  return reasons;
}

/** The same of one run, with its place among those that wait. */
export function whyRunWaits(state: QueueState, { run, priorityKey, others }: Waiting): string[] {
  const reasons = whyQueueWaits(state);
  const before = others.filter((other) => other.workflowId !== run.workflowId && isBefore(run, other));
  const higher = Object.entries(state.waitingByPriority)
    .filter(([key]) => priorityKey !== undefined && Number(key) < priorityKey)
    .reduce((sum, [, count]) => sum + count, 0);
  const ahead = Math.max(before.length, higher);
  if (ahead > 0) {
    const users = [...new Set(before.map(({ user }) => user ?? 'nobody'))].sort();
    const of = higher > 0 ? `, ${String(higher)} of them of higher priority` : '';
    const whose = users.length === 0 ? '' : `: runs of ${users.join(', ')}`;
    reasons.push(`about ${String(ahead)} wait before it${of}${whose}`);
  }
  return reasons.length > 0 ? reasons : ['its turn is next: an agent takes it within seconds'];
}

/** A requeued run stands behind all that had come by then. */
const isBefore = (run: Waiting['run'], other: Pick<RunRow, 'startedAt'>): boolean =>
  (run.attempt ?? 1) > 1 || other.startedAt.getTime() < run.startedAt.getTime();

const hasPlace = ({ live = 0, maxJobs, draining }: AgentRow): boolean =>
  draining !== true && (maxJobs === undefined || live < maxJobs);

function placesOf({ agent, live = 0, maxJobs, drain }: AgentRow): string {
  if (drain !== undefined)
    return `${agent} is drained by ${drain.by}${drain.reason === undefined ? '' : ` (${drain.reason})`}`;
  return `${agent} has ${String(live)} of ${maxJobs === undefined ? 'any number' : String(maxJobs)} taken`;
}
