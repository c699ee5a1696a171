import { z } from 'zod';
import { attemptOutcome } from './outcome.ts';

export const runStates = [
  'queued',
  'building',
  'starting',
  'running',
  'preempted',
  'succeeded',
  'failed',
  'cancelled',
  'timed-out',
] as const;
export type RunState = (typeof runStates)[number];

/** The last, smallest and largest value of each metric, at most {@link mostMetrics} of them. */
export const metricsSummary = z.record(z.string(), z.object({ last: z.number(), min: z.number(), max: z.number() }));
export type MetricsSummary = z.infer<typeof metricsSummary>;

export const mostMetrics = 100;

type MetricSummary = MetricsSummary[string];

/** One metric over two stretches of time, the later one second. */
export function mergeMetric(before: MetricSummary | undefined, since: MetricSummary): MetricSummary {
  if (before === undefined) return since;
  return { last: since.last, min: Math.min(before.min, since.min), max: Math.max(before.max, since.max) };
}

/** The summary of a run whose attempts came one after the other. */
export function mergeSummaries(earlier: MetricsSummary, later: MetricsSummary): MetricsSummary {
  const merged = new Map(Object.entries(earlier));
  for (const [name, since] of Object.entries(later)) {
    const before = merged.get(name);
    if (before === undefined && merged.size >= mostMetrics) continue;
    merged.set(name, mergeMetric(before, since));
  }
  return Object.fromEntries(merged);
}

export const attemptReport = z.object({
  attempt: z.int(),
  /** Absent while it goes on. */
  outcome: attemptOutcome.optional(),
  node: z.string().optional(),
  agent: z.string().optional(),
  /** ISO 8601; when it began to wait in its queue, by the workflow's clock. */
  startedAt: z.string(),
  /** When an agent had put it into its backend, by the same clock. Absent: none did, or it was run by a version that did not say. */
  placedAt: z.string().optional(),
  endedAt: z.string().optional(),
  /** While it does not run, in the words of what keeps it: no node, a suspended Job, an image that cannot be pulled. */
  why: z.string().optional(),
});
export type AttemptReport = z.infer<typeof attemptReport>;

/** How a run ended, or how far it is: the result of `launch`, the details of its failure, and its answer to `status`. */
export const runResult = z.object({
  run: z.string(),
  state: z.enum(runStates),
  /** Of the last attempt; absent if there was none, or it goes on. */
  outcome: attemptOutcome.optional(),
  attempts: z.array(attemptReport),
  /** Counted ones. */
  requeues: z.int(),
  summary: metricsSummary,
  /** What its source became, `repository@sha256:...`; else what its last attempt that was seen running runs in. */
  image: z.string().optional(),
  /** The version of a job that it is a run of: `vision/digits:v3`. */
  job: z.string().optional(),
});
export type RunResult = z.infer<typeof runResult>;
