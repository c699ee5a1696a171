import { RelaunchError } from '../contracts/failures.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';
import { readQueue } from '../store/queues.ts';
import type { Relaunch } from './connect.ts';

/**
 * Checks something against a queue, where it can be read from here. Answers what is left to its agents, in words.
 * @throws RelaunchError LaunchRejected where there is no such queue; whatever `check` throws
 */
export async function withQueue(
  { store }: Relaunch,
  name: string,
  check: (queue: QueueSpec) => void,
): Promise<string[]> {
  try {
    check(await readQueue(store, name));
    return [];
  } catch (error) {
    if (!(error instanceof RelaunchError) || error.type !== 'StoreUnavailable') throw error;
    return [
      `the queues in ${store.url} cannot be read from here: an agent checks this against its queue (${error.message})`,
    ];
  }
}
