import type { QueueSpec } from '../contracts/queue-spec.ts';
import { keyOf } from '../store/layout.ts';
import { readQueue } from '../store/queues.ts';
import type { Relaunch } from './connect.ts';
import { trafficOf } from './traffic.ts';
import { whenReadable } from './when-readable.ts';

/**
 * Checks something against a queue, where it can be read from here. Answers what is left to its agents, in words.
 * @throws RelaunchError LaunchRejected where there is no such queue, and nobody serves one; whatever `check` throws
 */
export async function withQueue(
  relaunch: Relaunch,
  name: string,
  check: (queue: QueueSpec) => void,
): Promise<string[]> {
  const { store } = relaunch;
  try {
    return await whenReadable(store, { what: 'queues', check: 'this against its queue' }, async () => {
      check(await readQueue(store, name));
    });
  } catch (error) {
    if (!(await isKeptElsewhere(relaunch, name))) throw error;
    return [`queue "${name}" is not in ${store.url}, but it is served: an agent checks this against what it has of it`];
  }
}

/** Agents may have queues that clients cannot read: RELAUNCH_QUEUES. */
async function isKeptElsewhere(relaunch: Relaunch, name: string): Promise<boolean> {
  if (await relaunch.store.has(keyOf.queue(name))) return false;
  return (await trafficOf(relaunch, name)).agents.length > 0;
}
