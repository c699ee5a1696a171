import type { FirstsSeen } from '../../../contracts/records.ts';
import type { AttemptRef } from '../backend.ts';
import { unlessAborted } from '../waiting.ts';
import type { KubernetesApi } from './api.ts';
import { firstsOf } from './firsts.ts';
import { label, refOf } from '../labels.ts';
import { uidOf } from './labels.ts';
import type { Job, Metadata, Pod } from './objects.ts';
import { Reflector } from './reflector.ts';

/** What there is of one attempt. */
export interface Seen {
  job: Job | undefined;
  pods: Pod[];
}

interface Held {
  job: Job | undefined;
  pods: Map<string, Pod>;
  firsts: FirstsSeen;
  /** Called at every change. */
  listeners: Set<() => void>;
}

export interface PlaceOptions {
  api: KubernetesApi;
  /** As AttemptRef.place has it. */
  name: string;
  namespace: string;
  /** Of all that is ours. */
  owner: string;
  /** A watch that failed and is tried again. */
  failed?: ((error: unknown) => void) | undefined;
  /** Called at every change of any attempt. */
  changed?: (() => void) | undefined;
}

/** What was seen first of an attempt is kept for those who come to ask after its objects are gone. */
const mostForgotten = 10_000;

/** A namespace of a cluster, with all that is ours in it: two watches, however many attempts there are. */
export class Place {
  readonly api: KubernetesApi;
  readonly name: string;
  readonly namespace: string;
  readonly #changed: (() => void) | undefined;
  readonly #held = new Map<string, Held>();
  readonly #jobs: Reflector<Job>;
  readonly #pods: Reflector<Pod>;

  constructor({ api, name, namespace, owner, failed, changed }: PlaceOptions) {
    this.api = api;
    this.name = name;
    this.namespace = namespace;
    this.#changed = changed;
    const options = { api, labelSelector: `${label.owner}=${owner}`, ...(failed === undefined ? {} : { failed }) };
    this.#jobs = new Reflector<Job>({
      ...options,
      path: this.path('jobs'),
      changed: (job, gone) => {
        this.#change(job.metadata, (held) => {
          if (!gone) held.job = job;
          else if (held.job?.metadata.uid === job.metadata.uid) held.job = undefined;
        });
      },
    });
    this.#pods = new Reflector<Pod>({
      ...options,
      path: this.path('pods'),
      changed: (pod, gone) => {
        this.#change(pod.metadata, (held) => {
          const { uid } = pod.metadata;
          const first = firstsOf(pod, held.firsts[uid]);
          if (first !== undefined) held.firsts[uid] = first;
          if (gone) held.pods.delete(uid);
          else held.pods.set(uid, pod);
        });
      },
    });
  }

  /** Resolves when all that is there has been seen once. @throws the signal's reason */
  async synced(signal: AbortSignal): Promise<void> {
    await unlessAborted(signal, () => Promise.all([this.#jobs.synced, this.#pods.synced]));
  }

  get isSynced(): boolean {
    return this.#jobs.isSynced && this.#pods.isSynced;
  }

  path(kind: 'jobs' | 'pods' | 'events' | 'secrets', name?: string): string {
    const group = kind === 'jobs' ? '/apis/batch/v1' : '/api/v1';
    const collection = `${group}/namespaces/${encodeURIComponent(this.namespace)}/${kind}`;
    return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
  }

  /** What the watches have seen of an attempt: it may be behind. */
  seen({ uid }: AttemptRef): Seen {
    const held = this.#held.get(uid);
    return { job: held?.job, pods: [...(held?.pods.values() ?? [])] };
  }

  firsts({ uid }: AttemptRef): FirstsSeen {
    return { ...this.#held.get(uid)?.firsts };
  }

  /** Calls back at every change of an attempt, until called off. */
  listen({ uid }: AttemptRef, listener: () => void): () => void {
    const held = this.#hold(uid);
    held.listeners.add(listener);
    return () => {
      held.listeners.delete(listener);
      this.#tidy();
    };
  }

  /** Of all that there is. */
  attempts(): { ref: AttemptRef; agent: string; seen: Seen }[] {
    return [...this.#held.values()].flatMap((held) => {
      const metadata = (held.job ?? [...held.pods.values()][0])?.metadata;
      const ref = metadata === undefined ? undefined : refOf(metadata.labels, this.name);
      if (ref === undefined) return [];
      const seen = { job: held.job, pods: [...held.pods.values()] };
      return [{ ref, agent: metadata?.labels?.[label.agent] ?? '', seen }];
    });
  }

  /** A Job that was just created counts as live before the watch tells of it. */
  created(job: Job): void {
    this.#jobs.learn(job);
  }

  close(): void {
    this.#jobs.stop();
    this.#pods.stop();
  }

  #change(metadata: Metadata, change: (held: Held) => void): void {
    const uid = uidOf(metadata);
    if (uid === undefined) return;
    const held = this.#hold(uid);
    change(held);
    for (const listener of held.listeners) listener();
    this.#changed?.();
    if (isIdle(held)) this.#tidy();
  }

  #hold(uid: string): Held {
    const held = this.#held.get(uid) ?? { job: undefined, pods: new Map(), firsts: {}, listeners: new Set() };
    this.#held.set(uid, held);
    return held;
  }

  #tidy(): void {
    if (this.#held.size <= mostForgotten) return;
    for (const [uid, held] of this.#held) if (isIdle(held)) this.#held.delete(uid);
  }
}

const isIdle = ({ job, pods, listeners }: Held): boolean =>
  job === undefined && pods.size === 0 && listeners.size === 0;
