import type { Mark } from './ledger.ts';

/** A stretch of time, in ms since the epoch. */
export interface Span {
  fromMs: number;
  toMs: number;
}

export interface Idle extends Span {
  /** The longest stretch of it in which a run waited and the agent was up. */
  idleMs: number;
  /** Its last job had begun before the agent was last started, which learns of such an end only when it counts. */
  adopted: boolean;
}

/**
 * How long permits of one agent stayed free while work waited. The permits are alike, so the one that is free for longest is said to get
 * each next job: no other reading of the ledger has a shorter longest wait.
 * `waiting`: when runs stood in a queue of the agent. `up`: when the agent was up; permits that are free when it comes up are so from then on.
 */
export function idlePermits(
  marks: readonly Mark[],
  maxJobs: number,
  waiting: readonly Span[],
  up: readonly Span[],
): Idle[] {
  const waits = union(waiting);
  const free = Array.from({ length: maxJobs }, () => ({ sinceMs: up[0]?.fromMs ?? 0, startedMs: Infinity }));
  const begun = new Map<string, number>();
  const idle: Idle[] = [];
  for (const { what, run, attempt, atMs } of marks) {
    const name = `${run} ${String(attempt)}`;
    if (what === 'end') {
      free.push({ sinceMs: atMs, startedMs: begun.get(name) ?? 0 });
      continue;
    }
    begun.set(name, atMs);
    const permit = free.shift();
    if (permit === undefined) continue;
    const awake = up.map(({ fromMs, toMs }) => ({
      fromMs: Math.max(fromMs, permit.sinceMs),
      toMs: Math.min(toMs, atMs),
    }));
    const idleMs = Math.max(0, ...awake.flatMap((span) => waits.map((wait) => overlapMs(span, wait))));
    const adopted = up.some(({ fromMs }) => permit.startedMs < fromMs && fromMs <= atMs);
    idle.push({ fromMs: permit.sinceMs, toMs: atMs, idleMs, adopted });
  }
  return idle;
}

const overlapMs = (a: Span, b: Span): number => Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs);

/** The same time, in stretches that do not touch. */
function union(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1);
    if (last !== undefined && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs);
    else joined.push({ ...span });
  }
  return joined;
}
