import { isJsonMap } from '../contracts/merge-maps.ts';
import { pointerTo } from '../contracts/json-pointer.ts';
import { parse } from 'yaml';
import { canonicalJson } from '../contracts/hash.ts';
import { keyOf } from '../store/layout.ts';
import { parseQueue, readQueue } from '../store/queues.ts';
import type { Store } from '../store/store.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { checkQueueName } from './queues.ts';
import { list } from './runs.ts';
import type { RunRow } from './run-row.ts';

/** The file of a queue as it was read. */
export interface QueueFile {
  text: string;
  /** What {@link saveQueue} compares. */
  etag: string;
}

/** What became of a queue's file. */
export interface AppliedQueue {
  done: 'created' | 'updated' | 'unchanged';
  /** What it says otherwise, by JSON pointer. */
  changes: QueueChange[];
}

export interface QueueChange {
  path: string;
  /** Undefined: it was not there. */
  before: unknown;
  /** Undefined: it is there no more. */
  after: unknown;
}

/** @throws RelaunchError LaunchRejected where there is no such queue */
export async function queueText(store: Store, name: string): Promise<QueueFile> {
  checkQueueName(name);
  const object = await store.get(keyOf.queue(name));
  if (object !== undefined) return { text: Buffer.from(object.bytes).toString('utf8'), etag: object.etag };
  await readQueue(store, name);
  throw changedMeanwhile(name);
}

/** Makes a queue what a text says: creates it, changes it, or leaves it. @throws RelaunchError LaunchRejected with every wrong field; ClientError queue-changed */
export async function applyQueue(store: Store, name: string, text: string, file: string): Promise<AppliedQueue> {
  checkQueueName(name);
  parseQueue(text, file);
  const object = await store.get(keyOf.queue(name));
  if (object === undefined) {
    if (!(await store.putIfAbsent(keyOf.queue(name), Buffer.from(text)))) throw changedMeanwhile(name);
    return { done: 'created', changes: [] };
  }
  return saveQueue(store, name, { text: Buffer.from(object.bytes).toString('utf8'), etag: object.etag }, text, file);
}

/** Writes a queue over the text that was read, and over no other. @throws RelaunchError LaunchRejected with every wrong field; ClientError queue-changed */
export async function saveQueue(
  store: Store,
  name: string,
  before: QueueFile,
  text: string,
  file: string,
): Promise<AppliedQueue> {
  parseQueue(text, file);
  if (text === before.text) return { done: 'unchanged', changes: [] };
  if (!(await store.replaceIfMatch(keyOf.queue(name), Buffer.from(text), before.etag))) throw changedMeanwhile(name);
  return { done: 'updated', changes: changesBetween(read(before.text), read(text)) };
}

/** Removes a queue. Without `force` not while it has runs that wait or live: they keep what they were resolved with, new attempts too. @throws ClientError queue-in-use */
export async function deleteQueue(relaunch: Relaunch, name: string, { force = false } = {}): Promise<void> {
  await queueText(relaunch.store, name);
  const open = force ? [] : await openRuns(relaunch, name);
  if (open.length > 0) {
    const ids = open.slice(0, mostNamed).map(({ workflowId }) => workflowId);
    const more = open.length > mostNamed ? ' and more' : '';
    throw new ClientError(
      'queue-in-use',
      `queue "${name}" has runs that wait or live: ${ids.join(', ')}${more}. End them, or use --force: those that agents have accepted go on.`,
    );
  }
  await relaunch.store.remove(keyOf.queue(name));
}

const mostNamed = 5;

const openRuns = (relaunch: Relaunch, queue: string): Promise<RunRow[]> =>
  list(relaunch, { queue, query: `ExecutionStatus = 'Running'` }, mostNamed + 1);

const changedMeanwhile = (name: string): ClientError =>
  new ClientError(
    'queue-changed',
    `queue "${name}" was changed by somebody else meanwhile, nothing was written: look at it, and try again.`,
  );

/** What was written by other means may be no YAML. */
function read(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function changesBetween(before: unknown, after: unknown, path = ''): QueueChange[] {
  if (canonicalJson({ it: before }) === canonicalJson({ it: after })) return [];
  if (!isJsonMap(before) || !isJsonMap(after)) return [{ path, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    changesBetween(ownOf(before, key), ownOf(after, key), pointerTo(path, key)),
  );
}

const ownOf = (map: Record<string, unknown>, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined);
