import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { Cluster, type Started } from '../support/cluster.ts';

/** What measuring needs of whoever runs it. */
export interface Measuring {
  /** Tells how far it is. */
  say(what: string): void;
  /** Gives up: the cluster is stopped, whatever it does. */
  signal: AbortSignal;
}

/** Works with a server, a store and a control worker of its own, and leaves nothing of them. Rejects with the signal's reason. */
export async function withCluster<T>(
  queues: Record<string, Partial<QueueSpecInput>>,
  { signal }: Measuring,
  work: (cluster: Cluster, control: Started) => Promise<T>,
): Promise<T> {
  const cluster = await Cluster.start(queues, { control: false });
  try {
    signal.throwIfAborted();
    const given = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => {
      given.reject(signal.reason as Error);
    });
    const worked = cluster.control().then((control) => work(cluster, control));
    return await Promise.race([worked, given.promise]);
  } finally {
    await cluster.stop();
  }
}
