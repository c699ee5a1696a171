import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';
import type { JobGate } from '../../workers/gate.ts';

type Supplier = CustomSlotSupplier<ActivitySlotInfo>;
/** One queue of an agent. */
export type Lane = ReturnType<JobGate['lane']>;

const info = {} as ActivitySlotInfo;
/** An attempt, by its uid. */
export const ref = (uid: string) => ({ entity: 'team', run: uid, attempt: 1, uid });
/** Resolves when every poll that can have a permit has it. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A worker's poll: under a permit, or waiting for one. */
export interface Poll {
  permit: SlotPermit | undefined;
  failed: unknown;
  abort: (reason: Error) => void;
}

/** Waits for a permit of a queue. */
export function poll({ supplier }: Lane): Poll {
  const aborted = new AbortController();
  const made: Poll = {
    permit: undefined,
    failed: undefined,
    abort: (reason) => {
      aborted.abort(reason);
    },
  };
  const context = {} as Parameters<Supplier['reserveSlot']>[0];
  supplier.reserveSlot(context, aborted.signal).then(
    (permit) => (made.permit = permit),
    (error: unknown) => (made.failed = error),
  );
  return made;
}

/** A poll brought a task. */
export const use = ({ supplier }: Lane, { permit = {} }: Poll): void => {
  supplier.markSlotUsed({ slotInfo: info, permit });
};
/** A poll brought nothing, or its task is done. */
export const giveBack = ({ supplier }: Lane, { permit = {} }: Poll): void => {
  supplier.releaseSlot({ slotInfo: info, permit });
};
/** The polls that have a permit. */
export const granted = (polls: readonly Poll[]): Poll[] => polls.filter(({ permit }) => permit !== undefined);
