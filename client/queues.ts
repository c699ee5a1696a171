import { stringify } from 'yaml';
import { labelValue } from '../contracts/names.ts';
import type { QueueSpec, QueueSpecInput } from '../contracts/queue-spec.ts';
import { keyOf } from '../store/layout.ts';
import { parseQueue, queueNames, readQueue } from '../store/queues.ts';
import type { Store } from '../store/store.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { listAgents } from './agents.ts';
import { queueRow, type QueueRow } from './queue-state.ts';

export interface CreateQueueOptions {
  /** Writes over a queue of that name; default: it is an error. Runs that were accepted keep what they were resolved with. */
  replace?: boolean;
  /** Where a YAML text came from, for messages. */
  file?: string;
}

/**
 * Writes `queues/<name>.yaml`: the text as it is, comments and all, or a specification as YAML.
 * @throws ClientError bad-input, queue-exists; RelaunchError LaunchRejected with every wrong field
 */
export async function createQueue(
  store: Store,
  name: string,
  spec: string | QueueSpecInput,
  { replace = false, file = keyOf.queue(name) }: CreateQueueOptions = {},
): Promise<void> {
  checkQueueName(name);
  const text = typeof spec === 'string' ? spec : stringify(spec);
  parseQueue(text, file);
  if (replace) return store.put(keyOf.queue(name), Buffer.from(text));
  if (await store.putIfAbsent(keyOf.queue(name), Buffer.from(text))) return;
  throw new ClientError(
    'queue-exists',
    `there is a queue "${name}" already (${keyOf.queue(name)} in ${store.url}). Replace it with --replace.`,
  );
}

/** Names of the queues, sorted. */
export const listQueues = (store: Store): Promise<string[]> => queueNames(store);

export interface QueueView extends QueueRow {
  spec: QueueSpec;
}

/** All queues of the store, by name. */
export async function listQueueStates(relaunch: Relaunch): Promise<QueueRow[]> {
  const names = await listQueues(relaunch.store);
  if (names.length === 0) return [];
  const agents = listAgents(relaunch.store);
  return Promise.all(names.map((name) => queueRow(relaunch, name, { agents })));
}

/** A queue: its specification with the defaults filled in (durations in ms), who serves it, what waits. @throws ClientError bad-input; RelaunchError LaunchRejected where there is none, or its file is wrong */
export async function describeQueue(relaunch: Relaunch, name: string): Promise<QueueView> {
  checkQueueName(name);
  const spec = readQueue(relaunch.store, name);
  const [read, row] = await Promise.all([spec, queueRow(relaunch, name, { spec })]);
  return { spec: read, ...row };
}

export function checkQueueName(name: string): void {
  const checked = labelValue.safeParse(name);
  if (checked.success) return;
  throw new ClientError(
    'bad-input',
    `a queue cannot be called ${JSON.stringify(name)}: ${checked.error.issues[0]?.message ?? ''}`,
  );
}
