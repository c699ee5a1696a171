import type { QueueSpec } from '../contracts/queue-spec.ts';
import { readQueue } from '../store/queues.ts';
import type { Relaunch } from './connect.ts';
import { whenReadable } from './when-readable.ts';

/**
 * Checks something against a queue, where it can be read from here. Answers what is left to its agents, in words.
 * @throws RelaunchError LaunchRejected where there is no such queue; whatever `check` throws
 */
export function withQueue({ store }: Relaunch, name: string, check: (queue: QueueSpec) => void): Promise<string[]> {
  return whenReadable(store, { what: 'queues', check: 'this against its queue' }, async () => {
    check(await readQueue(store, name));
  });
}
