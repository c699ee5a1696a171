import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { classify } from '../../activities/backends/kubernetes/classify.ts';
import type { Snapshot } from '../../activities/backends/kubernetes/snapshot.ts';
import { firstsOf } from '../../activities/backends/kubernetes/firsts.ts';
import type { ClusterEvent, Job, Pod } from '../../activities/backends/kubernetes/objects.ts';
import type { Verdict } from '../../activities/backends/backend.ts';
import type { FirstsSeen } from '../../contracts/records.ts';

/** What a watch of a real cluster said during one disruption: shared/testbed/captures, recorded on Kubernetes 1.34. */
export type Capture = readonly CapturedEvent[];

export type CapturedEvent = { t: number; type: 'ADDED' | 'MODIFIED' | 'DELETED' } & (
  | { kind: 'Pod'; object: Pod }
  | { kind: 'Job'; object: Job }
  | { kind: 'Event'; object: ClusterEvent }
  | { kind: 'Node'; object: object }
);

const directory = fileURLToPath(new URL('../fixtures/kubernetes/', import.meta.url));

export const captureNames = (): string[] => readdirSync(directory).map((name) => name.replace(/\.jsonl$/, ''));

export function readCapture(name: string): Capture {
  const text = readFileSync(`${directory}${name}.jsonl`, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CapturedEvent);
}

/** A follower that comes at some event, and reads the API server at each; its watch is behind by `lag` events. */
export interface Follower {
  from?: number;
  lag?: number;
}

/** The first verdict that a follower of this comes to. */
export function firstVerdict(capture: Capture, { from = 0, lag = 0 }: Follower = {}): Verdict | undefined {
  const states = statesOf(capture);
  const start = Math.max(
    states.findIndex(({ job }) => job !== undefined),
    from,
  );
  for (const [i, snapshot] of states.entries()) {
    const verdict = i < start ? undefined : classify(snapshot, firstsIn(capture.slice(0, Math.max(0, i + 1 - lag))));
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

/** What the API server would have answered after each event, up to where somebody took the finalizer off: then it is all recorded. */
export function statesOf(capture: Capture): Snapshot[] {
  const jobs = new Map<string, Job>();
  const pods = new Map<string, Pod>();
  const events: ClusterEvent[] = [];
  const states: Snapshot[] = [];
  for (const { t, type, kind, object } of capture) {
    if (kind === 'Event') events.push(object);
    if (kind === 'Job') put(jobs, object.metadata.uid, object, type);
    if (kind === 'Pod') {
      if (type === 'DELETED' || object.metadata.finalizers?.includes(finalizer) !== true) break;
      put(pods, object.metadata.uid, object, type);
    }
    states.push({
      job: [...jobs.values()][0],
      pods: [...pods.values()],
      at: new Date(t * 1_000).toISOString(),
      events: [...events],
    });
  }
  return states;
}

/** Of the captures. */
const finalizer = 'launcher.example/observed';

function firstsIn(capture: Capture): FirstsSeen {
  const firsts: FirstsSeen = {};
  for (const { kind, object } of capture) {
    if (kind !== 'Pod') continue;
    const first = firstsOf(object, firsts[object.metadata.uid]);
    if (first !== undefined) firsts[object.metadata.uid] = first;
  }
  return firsts;
}

function put<T>(objects: Map<string, T>, uid: string, object: T, type: CapturedEvent['type']): void {
  if (type === 'DELETED') objects.delete(uid);
  else objects.set(uid, object);
}
