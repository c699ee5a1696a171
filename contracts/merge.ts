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
  if (spec.gracePeriod !== undefined && spec.gracePeriod > queue.gracePeriod) {
    refuse(['gracePeriod'], `at most ${String(queue.gracePeriod)} ms on queue "${spec.queue}"`);
  }
  for (const phase of ['queue', 'start', 'run'] as const) {
    const bound = queue.timeouts[phase];
    const asked = spec.timeouts[phase];
    if (bound !== undefined && asked !== undefined && asked > bound) {
      refuse(['timeouts', phase], `at most ${String(bound)} ms on queue "${spec.queue}"`);
    }
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
