import { formatDuration } from './duration.ts';
import { fieldIssue, type FieldIssue } from './issues.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { PlanSummary } from './plan.ts';
import type { QueueSpec } from './queue-spec.ts';

export type Limits = Pick<
  PlanSummary,
  'requeue' | 'retries' | 'gracePeriodMs' | 'timeoutsMs' | 'maxRunTimeoutMs' | 'agentTimeoutMs'
>;

/** The limits of a run: the spec's where the queue's bounds allow, else the queue's. Every field outside a bound is an issue. */
export function mergeLimits(spec: LaunchSpec, queue: QueueSpec): { limits: Limits; issues: FieldIssue[] } {
  const issues: FieldIssue[] = [];
  const refuse = (path: string[], rule: string) => issues.push(fieldIssue(path, spec, rule));

  if (spec.requeue.max !== undefined && spec.requeue.max > queue.requeue.max) {
    refuse(['requeue', 'max'], `at most ${String(queue.requeue.max)} on queue "${spec.queue}"`);
  }
  const notAllowed = spec.requeue.on?.filter((reason) => !queue.requeue.on.includes(reason)) ?? [];
  if (notAllowed.length > 0) {
    refuse(['requeue', 'on'], `queue "${spec.queue}" requeues on ${queue.requeue.on.join(', ') || 'nothing'} only`);
  }
  const atMost = (path: string, askedMs: number | undefined, boundMs: number | undefined): void => {
    if (askedMs === undefined || boundMs === undefined || askedMs <= boundMs) return;
    const rule = `at most ${formatDuration(boundMs)} on queue "${spec.queue}"`;
    issues.push({ path, value: formatDuration(askedMs), rule });
  };
  atMost('gracePeriod', spec.gracePeriod, queue.gracePeriod);
  for (const phase of ['queue', 'start', 'run'] as const) {
    atMost(`timeouts.${phase}`, spec.timeouts[phase], queue.timeouts[phase]);
  }
  return {
    limits: {
      requeue: { max: spec.requeue.max ?? queue.requeue.max, on: spec.requeue.on ?? queue.requeue.on },
      retries: spec.retries,
      gracePeriodMs: spec.gracePeriod ?? queue.gracePeriod,
      timeoutsMs: { ...queue.timeouts, ...spec.timeouts },
      maxRunTimeoutMs: queue.timeouts.run,
      agentTimeoutMs: queue.agentTimeout,
    },
    issues,
  };
}
