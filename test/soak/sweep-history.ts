import { tsToMs } from '@temporalio/common/lib/time.js';
import type { WorkflowHandle } from '@temporalio/client';
import type { Span } from './idle-permits.ts';

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** Trials in flight, by the history of their sweep. */
export interface Width {
  /** The ids of all trials, in the order of their start. */
  ids: string[];
  most: number;
  /** When there were fewer than there should be, though there were points left. */
  narrow: Span[];
}

/** `numWorkers` at a time, until `total` have been started. */
export function widthIn(events: Events, numWorkers: number, total: number): Width {
  const ids: string[] = [];
  const narrow: Span[] = [];
  let [open, most] = [0, 0];
  let narrowSinceMs: number | undefined;
  for (const event of events) {
    const begun = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId;
    if (begun == null && !isEnd(event)) continue;
    const atMs = tsToMs(event.eventTime);
    if (begun != null) {
      ids.push(begun);
      open++;
    } else open--;
    most = Math.max(most, open);
    const isNarrow = open < numWorkers && ids.length < total;
    if (isNarrow) narrowSinceMs ??= atMs;
    else if (narrowSinceMs !== undefined) {
      narrow.push({ fromMs: narrowSinceMs, toMs: atMs });
      narrowSinceMs = undefined;
    }
  }
  return { ids, most, narrow };
}

const isEnd = (event: Events[number]): boolean =>
  (event.childWorkflowExecutionCompletedEventAttributes ??
    event.childWorkflowExecutionFailedEventAttributes ??
    event.childWorkflowExecutionCanceledEventAttributes ??
    event.childWorkflowExecutionTimedOutEventAttributes ??
    event.childWorkflowExecutionTerminatedEventAttributes) != null;

/** How long a stretch of time is, without those in which nothing could go on. */
export function withoutMs({ fromMs, toMs }: Span, down: readonly Span[]): number {
  const lost = down.map((span) => Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs)));
  return toMs - fromMs - lost.reduce((sum, ms) => sum + ms, 0);
}
