import { parse } from 'yaml';
import { RelaunchError } from '../contracts/failures.ts';
import { fieldIssues, formatIssues } from '../contracts/issues.ts';
import { queueSpec, type QueueSpec } from '../contracts/queue-spec.ts';
import { keyOf } from './layout.ts';
import type { Store } from './store.ts';

/** The names of the queues that admins have written, sorted. */
export async function queueNames(store: Store): Promise<string[]> {
  const keys = await store.list(keyOf.queues);
  return keys.filter((key) => key.endsWith('.yaml')).map((key) => key.slice(keyOf.queues.length, -'.yaml'.length));
}

/** A queue as its admin wrote it, checked. @throws RelaunchError LaunchRejected where there is none (naming those that there are), or its file is wrong */
export async function readQueue(store: Store, queue: string): Promise<QueueSpec> {
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
  return parseQueue(Buffer.from(object.bytes).toString('utf8'), key);
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
  const parsed = queueSpec.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RelaunchError(
    'LaunchRejected',
    `${file} is not a queue:\n${formatIssues(fieldIssues(parsed.error, value))}`,
  );
}
