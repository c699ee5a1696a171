import { pausing, resuming, type Pause } from '../contracts/queue-pause.ts';
import { keyOf } from '../store/layout.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { checkQueueName } from './queues.ts';
import { asking } from './temporal-errors.ts';

/** Nothing of a queue is handed out from now on, by any agent; what lives goes on. Again: with the new reason. @throws ClientError bad-input where there is no such queue */
export async function pauseQueue(relaunch: Relaunch, queue: string, why: Omit<Pause, 'at'>): Promise<void> {
  await checkQueue(relaunch, queue);
  await update(relaunch, pausing(relaunch.settings.entity, queue, why));
}

/** The queue is handed out again, within a second or two. @throws ClientError bad-input where there is no such queue */
export async function resumeQueue(relaunch: Relaunch, queue: string, by: string): Promise<void> {
  await checkQueue(relaunch, queue);
  await update(relaunch, resuming(relaunch.settings.entity, queue, by));
}

const update = ({ temporal, settings }: Relaunch, request: ReturnType<typeof pausing>) =>
  asking(settings, undefined, () => temporal.workflowService.updateTaskQueueConfig(request));

/** A client that may not read queues asks Temporal for any name. */
async function checkQueue({ store, settings }: Relaunch, queue: string): Promise<void> {
  checkQueueName(queue);
  if (settings.queueDirectory !== undefined || (await store.has(keyOf.queue(queue)))) return;
  throw new ClientError(
    'bad-input',
    `there is no queue "${queue}" in ${store.url}: \`relaunch queue list\` shows those there are`,
  );
}
