import { parse } from 'yaml';
import { RelaunchError } from '../contracts/failures.ts';
import { fieldIssues, formatIssues } from '../contracts/issues.ts';
import { sha256Hex } from '../contracts/hash.ts';
import { queueSpec, type QueueSpec } from '../contracts/queue-spec.ts';
import { queueOf } from '../contracts/wandb.ts';
import { keyOf } from './layout.ts';
import type { Store } from './store.ts';

/** The names of the queues that admins have written, sorted. */
export async function queueNames(store: Store): Promise<string[]> {
  const keys = await store.list(keyOf.queues);
  return keys.filter((key) => key.endsWith('.yaml')).map((key) => key.slice(keyOf.queues.length, -'.yaml'.length));
}

/** A queue as its admin wrote it, checked. @throws RelaunchError LaunchRejected where there is none (naming those that there are), or its file is wrong */
export const readQueue = async (store: Store, queue: string): Promise<QueueSpec> =>
  (await readQueueVersion(store, queue)).spec;

/** A queue, and the version of its file: the same for the same bytes. @throws as {@link readQueue} does */
export async function readQueueVersion(store: Store, queue: string): Promise<{ spec: QueueSpec; version: string }> {
  const key = keyOf.queue(queue);
  const object = await store.get(key);
  if (object === undefined) {
    const names = await queueNames(store);
    const known =
      names.length === 0
        ? 'there are none yet: create one with `relaunch queue create`'
        : `there are: ${names.join(', ')}`;
    throw new RelaunchError('LaunchRejected', `queue "${queue}" does not exist in ${store.url}; ${known}`);
  }
  const text = Buffer.from(object.bytes).toString('utf8');
  return { spec: parseQueue(text, key), version: sha256Hex(text).slice(0, 12) };
}

/** A queue's YAML, checked. `file` is named in the error. @throws RelaunchError LaunchRejected with every wrong field */
export function parseQueue(yaml: string, file: string): QueueSpec {
  let value: unknown;
  try {
    value = parse(yaml);
  } catch (cause) {
    throw new RelaunchError(
      'LaunchRejected',
      `${file} is not YAML: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  value = queueOf(value);
  const parsed = queueSpec.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RelaunchError(
    'LaunchRejected',
    `${file} is not a queue:\n${formatIssues(fieldIssues(parsed.error, value))}`,
  );
}
