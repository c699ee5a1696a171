import { RelaunchError } from '../contracts/failures.ts';
import { inOrder } from './in-order.ts';
import { keyOf, type LogOf } from './layout.ts';
import type { LogBatch } from './log-batch.ts';
import { logLine, type LogLine } from './log-format.ts';
import { MetricsTally, parsePoint, type MetricPoint } from './metrics.ts';
import type { Store } from './store.ts';

/** Where a writer goes on: behind the last log object, whose metrics are in the tally. */
export interface LogPosition {
  sequence: number;
  cursor: string | undefined;
  tally: MetricsTally;
}

/** The sequence number of a log or metrics object; undefined for others, such as `end.json`. */
function sequenceOf(key: string): number | undefined {
  const digits = /\/(\d{8,})\.jsonl$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The numbers of the objects under a prefix, in order. */
export async function sequencesUnder(store: Store, prefix: string): Promise<number[]> {
  const sequences = (await store.list(prefix)).map(sequenceOf).filter((sequence) => sequence !== undefined);
  return sequences.sort((a, b) => a - b);
}

/** Lines of a stored object; those that are none are left out. */
export async function readLines(store: Store, key: string): Promise<LogLine[]> {
  return (await textLines(store, key)).flatMap((text) => {
    try {
      return [logLine.parse(JSON.parse(text))];
    } catch {
      return [];
    }
  });
}

/** Points of a stored object; what is none is left out. */
export async function readPoints(store: Store, key: string): Promise<MetricPoint[]> {
  return (await textLines(store, key)).flatMap((text) => parsePoint(text) ?? []);
}

async function textLines(store: Store, key: string): Promise<string[]> {
  const object = await store.get(key);
  return object === undefined ? [] : Buffer.from(object.bytes).toString('utf8').split('\n');
}

/**
 * Finds where the last writer of an attempt got to, and removes metrics whose log object it did not write any more: their lines come
 * again. @throws RelaunchError StoreUnavailable; also where the last log object is damaged
 */
export async function findPosition(store: Store, run: string, of: LogOf): Promise<LogPosition> {
  const sequence = (await sequencesUnder(store, keyOf.logs(run, of))).at(-1) ?? 0;
  const tally = new MetricsTally();
  const pointsOf = async (each: number): Promise<MetricPoint[]> => {
    const key = keyOf.metric(run, of, each);
    if (each <= sequence) return readPoints(store, key);
    await store.remove(key);
    return [];
  };
  for await (const points of inOrder(await sequencesUnder(store, keyOf.metrics(run, of)), pointsOf))
    for (const point of points) tally.add(point);
  if (sequence === 0) return { sequence, cursor: undefined, tally };
  const key = keyOf.log(run, of, sequence);
  const cursor = (await readLines(store, key)).at(-1)?.cursor;
  if (cursor === undefined)
    throw new RelaunchError('StoreUnavailable', `${key} in ${store.url} is damaged: its last line has no cursor`);
  return { sequence, cursor, tally };
}

/**
 * Writes a batch, the metrics first: a log object without its metrics would hide them for good. May be tried again.
 * @throws RelaunchError StoreUnavailable; also where another writer has got there first
 */
export async function writeBatch(
  store: Store,
  run: string,
  of: LogOf,
  sequence: number,
  batch: LogBatch,
): Promise<void> {
  const metrics = batch.metrics();
  if (metrics !== undefined) await putOnce(store, keyOf.metric(run, of, sequence), metrics);
  await putOnce(store, keyOf.log(run, of, sequence), batch.log());
}

async function putOnce(store: Store, key: string, bytes: Uint8Array): Promise<void> {
  if (await store.putIfAbsent(key, bytes)) return;
  const there = await store.get(key);
  if (there !== undefined && Buffer.compare(there.bytes, bytes) === 0) return;
  throw new RelaunchError('StoreUnavailable', `${key} in ${store.url} was written by another follower of this attempt`);
}
