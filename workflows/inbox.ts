import { CancellationScope, setHandler } from '@temporalio/workflow';
import {
  cancelSignal,
  extendRunTimeoutUpdate,
  observation,
  observedSignal,
  preemptSignal,
  request,
  runTimeoutExtension,
  type Observation,
  type Request,
} from '../contracts/messages.ts';
import { ApplicationFailure } from '@temporalio/common';
import { formatDuration } from '../contracts/duration.ts';
import type { FailureType } from '../contracts/failures.ts';

/** What was asked of this run. Handlers never throw: junk in a signal must not wedge a run. */
export interface Inbox {
  /** Set for good once somebody has asked to cancel, by signal or by Temporal's own request. */
  cancelled: Request | undefined;
  /** Whether Temporal itself was asked, so that the workflow may close as Canceled. */
  cancelRequested: boolean;
  /** Whether there is a machine to give back: kept by the attempt. */
  holdsMachine: boolean;
  /** The wish to give the machine back; the attempt that it ends takes it away. */
  preempted: Request | undefined;
  /** Called with each observation of an agent, in order. */
  onObserved: (seen: Observation) => void;
  /** How much longer the run may be running; changed by `extendRunTimeout`. Undefined: there is no limit to extend. */
  runTimeoutMs: number | undefined;
  /** The queue's bound for it. */
  maxRunTimeoutMs: number | undefined;
}

/** Registers every message of `launch`. Call it first, in the root scope. */
export function openInbox(): Inbox {
  const inbox: Inbox = {
    cancelled: undefined,
    cancelRequested: false,
    holdsMachine: false,
    preempted: undefined,
    onObserved: () => undefined,
    runTimeoutMs: undefined,
    maxRunTimeoutMs: undefined,
  };
  CancellationScope.current().cancelRequested.catch(() => {
    inbox.cancelRequested = true;
    inbox.cancelled ??= { reason: 'cancelled through Temporal' };
  });
  setHandler(cancelSignal, (asked) => {
    inbox.cancelled ??= request.parse(asked);
  });
  setHandler(preemptSignal, (asked) => {
    if (inbox.holdsMachine) inbox.preempted ??= request.parse(asked);
  });
  setHandler(observedSignal, (seen) => {
    const parsed = observation.safeParse(seen);
    if (parsed.success) inbox.onObserved(parsed.data);
  });
  setHandler(
    extendRunTimeoutUpdate,
    ({ byMs }) => {
      inbox.runTimeoutMs = (inbox.runTimeoutMs ?? 0) + byMs;
      return inbox.runTimeoutMs;
    },
    {
      validator: (asked) => {
        checkExtension(inbox, asked);
      },
    },
  );
  return inbox;
}

function checkExtension(inbox: Inbox, asked: unknown): void {
  const parsed = runTimeoutExtension.safeParse(asked);
  if (!parsed.success) refuse('extendRunTimeout takes {byMs}: a whole number of milliseconds above 0');
  else if (inbox.runTimeoutMs === undefined) refuse('this run has no run time-out that could be extended');
  else if (inbox.maxRunTimeoutMs !== undefined && inbox.runTimeoutMs + parsed.data.byMs > inbox.maxRunTimeoutMs) {
    refuse(
      `a run time-out of ${formatDuration(inbox.runTimeoutMs + parsed.data.byMs)} is beyond the queue's bound of ${formatDuration(inbox.maxRunTimeoutMs)}`,
    );
  }
}

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'LaunchRejected' satisfies FailureType);
}
