import { percentile } from '../bench/statistics.ts';
import { eventsOf, waitsIn } from './history.ts';
import { idlePermits, type Span } from './idle-permits.ts';
import { mostLive, type Mark } from './ledger.ts';
import type { Watch } from './live-jobs.ts';
import type { PlannedRun } from './planned-run.ts';
import type { Stage } from './scenario.ts';

/** The server's long poll, as `relaunch dev` sets it. */
const longPollMs = 2_000;
/** From the end of a job to the next poll, and from its answer to the next job: design.md section 5. */
const turnMs = 1_000;
/** An agent that was started again learns of the end of jobs from before by counting: workers/agent.ts. */
const recountMs = 2_000;

export interface Bounded {
  host: string;
  maxJobs: number;
  queues: number;
  up: readonly Span[];
  /** Whether idle permits break a rule, or are only counted: a machine that has other work to do proves nothing. */
  timed: boolean;
}

/** When a run stood in its queue, by its history. */
export interface Wait extends Span {
  run: string;
}

/** When runs stood in queues; those that were handed out twice say nothing of when. */
export async function waitsOf({ cluster }: Stage, runs: readonly PlannedRun[]): Promise<Wait[]> {
  const waits: Wait[] = [];
  for (const { id, workflowId } of runs) {
    const found = waitsIn(await eventsOf(cluster, workflowId)).filter(({ again }) => !again);
    waits.push(...found.map(({ fromMs, toMs }) => ({ fromMs, toMs, run: id })));
  }
  return waits;
}

/** An agent had never more than `maxJobs` live, by the ledger and by /proc, and no permit of it idled beyond the bound while work waited. */
export function checkBound(
  { findings }: Stage,
  { host, maxJobs, queues, up, timed }: Bounded,
  ledger: readonly Mark[],
  waits: readonly Wait[],
  watch: Watch,
): void {
  const marks = ledger.filter((mark) => mark.host === host);
  const most = Math.max(mostLive(marks), watch.most('host', host));
  findings.rule(most <= maxJobs, `agent ${host} had ${String(most)} live, allowed are ${String(maxJobs)}`);
  const starts = startsOf(ledger, waits);
  const pollsMs = (queues - 1) * longPollMs;
  const idle = idlePermits(marks, maxJobs, waits, up);
  let beyond = 0;
  for (const { adopted, idleMs, ...span } of idle) {
    const allowedMs = pollsMs + busyTurnMs(starts, span) + (adopted ? recountMs : 0);
    if (idleMs > pollsMs + turnMs) beyond++;
    findings.rule(
      !timed || idleMs <= allowedMs,
      `a permit of agent ${host} idled ${String(idleMs)} ms while runs waited, from ${String(span.fromMs)} to ${String(span.toMs)}; allowed are ${String(allowedMs)}`,
    );
  }
  const [p50, p95, p100] = [50, 95, 100].map((each) =>
    percentile(
      idle.map(({ idleMs }) => idleMs),
      each,
    ),
  );
  findings.count(`most live on ${host}`, `${String(most)} of ${String(maxJobs)}`);
  findings.count(
    `idle permit on ${host}, ms`,
    `p50 ${String(p50)}, p95 ${String(p95)}, most ${String(p100)}; bound at rest ${String(pollsMs + turnMs)}, beyond it ${String(beyond)} of ${String(idle.length)}`,
  );
}

/** From when the server gave runs to an agent until their jobs lived. */
function startsOf(ledger: readonly Mark[], waits: readonly Wait[]): Span[] {
  const began = new Map(ledger.filter(({ what }) => what === 'start').map(({ run, atMs }) => [run, atMs]));
  return waits.map(({ run, toMs }) => ({ fromMs: toMs, toMs: began.get(run) ?? toMs }));
}

/**
 * How long a turn may take: a second where the machine is at rest. How busy it is shows in what a start takes, which has nothing to do with
 * permits: a turn is a noticed end and a start, so twice the slowest start of that time.
 */
function busyTurnMs(starts: readonly Span[], { fromMs, toMs }: Span): number {
  const meanwhile = starts.filter((start) => start.fromMs < toMs && start.toMs > fromMs);
  return Math.max(turnMs, ...meanwhile.map((start) => 2 * (start.toMs - start.fromMs)));
}
