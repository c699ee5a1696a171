import type { Client } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import type { AttemptRef } from '../activities/backends/backend.ts';
import { bearingOn, failureOf, failuresInARow, tripped } from '../contracts/breaker.ts';
import type { AttemptOutcome } from '../contracts/outcome.ts';
import { pausing } from '../contracts/queue-pause.ts';
import { keyOf } from '../store/layout.ts';
import { changeRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export interface BreakerOptions {
  namespace: string;
  agent: string;
  client: Client;
  store: Store;
  logger: Logger;
  /** What is encrypted elsewhere is not to be in a pause's reason, which Temporal keeps in the clear. */
  discreet: boolean;
}

const none = { failures: [] };

/**
 * Counts failures in a row over all agents of a queue, and pauses it at `most` of them: a machine or an image that is broken would burn all
 * that waits. They are counted from none again then, so that a queue that is resumed gets as many chances as before.
 */
export async function countOutcome(
  { namespace, agent, client, store, logger, discreet }: BreakerOptions,
  queue: string,
  { run, attempt, uid }: AttemptRef,
  outcome: AttemptOutcome,
  most: number,
): Promise<void> {
  const bearing = bearingOn(outcome);
  if (bearing === 'none') return;
  const key = keyOf.failures(queue);
  const { failures } = await changeRecord(store, key, failuresInARow, none, (held) => {
    if (bearing === 'good') return held.failures.length === 0 ? held : none;
    if (held.failures.some((one) => one.uid === uid)) return held;
    return { failures: [...held.failures, failureOf({ run, attempt, uid }, outcome)] };
  });
  if (failures.length < most) return;
  const reason = tripped(failures, discreet);
  await client.workflowService.updateTaskQueueConfig(pausing(namespace, queue, { by: `agent ${agent}`, reason }));
  logger.warn('paused a queue', { queue, reason });
  await changeRecord(store, key, failuresInARow, none, () => none);
}
