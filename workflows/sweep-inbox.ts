import { CancellationScope, setHandler } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type { FailureType } from '../contracts/failures.ts';
import { cancelSignal, request } from '../contracts/messages.ts';
import { pauseUpdate, rerunFailedUpdate, resumeUpdate, setNumWorkersUpdate } from '../contracts/sweep-messages.ts';
import type { CarriedSweep } from '../contracts/sweep-result.ts';
import { rerunFailed } from '../contracts/sweep-tally.ts';
import type { Inbox } from './inbox.ts';

/** What was asked of a sweep. */
export interface SweepInbox extends Pick<Inbox, 'cancelled' | 'cancelRequested'> {
  /** What messages change. Undefined until an agent has accepted the sweep: until then it can only be cancelled. */
  state: CarriedSweep | undefined;
  /** Called after each change. */
  onChange: () => void;
}

/** Registers every message of `sweep`. Call it first, in the root scope. */
export function openSweepInbox(): SweepInbox {
  const inbox: SweepInbox = {
    cancelled: undefined,
    cancelRequested: false,
    state: undefined,
    onChange: () => undefined,
  };
  CancellationScope.current().cancelRequested.catch(() => {
    inbox.cancelRequested = true;
    inbox.cancelled ??= { reason: 'cancelled through Temporal' };
    inbox.onChange();
  });
  setHandler(cancelSignal, (asked) => {
    inbox.cancelled ??= request.parse(asked);
    inbox.onChange();
  });
  const change = <R>(make: (state: CarriedSweep) => R): R => {
    const made = make(accepted(inbox));
    inbox.onChange();
    return made;
  };
  const validator = (): void => void accepted(inbox);
  setHandler(setNumWorkersUpdate, (n) => change((state) => (state.numWorkers = n)), {
    validator: (n: unknown) => {
      const { maxWorkers } = accepted(inbox).plan;
      if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= maxWorkers) return;
      refuse(`setNumWorkers takes a whole number from 1 to ${String(maxWorkers)}, the bound of the queue`);
    },
  });
  const pausing = (paused: boolean) => () => change((state) => (state.paused = paused));
  setHandler(pauseUpdate, pausing(true), { validator });
  setHandler(resumeUpdate, pausing(false), { validator });
  setHandler(rerunFailedUpdate, () => change(({ tally }) => rerunFailed(tally)), { validator });
  return inbox;
}

function accepted({ state, cancelled }: SweepInbox): CarriedSweep {
  if (cancelled !== undefined) return refuse('this sweep was cancelled');
  return state ?? refuse('no agent has accepted this sweep yet: try again when it is running');
}

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'LaunchRejected' satisfies FailureType);
}
