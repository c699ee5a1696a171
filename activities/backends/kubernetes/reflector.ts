import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesApi } from './api.ts';
import { linesOf } from './lines-of.ts';
import type { Metadata } from './objects.ts';
import { isStatus, StatusError } from './status-error.ts';

/** The server ends a watch by itself after this long, and we go on where it was. */
const watchSeconds = 290;
/** Bookmarks come about once a minute: a watch that is silent for longer is dead. */
const silenceMs = 90_000;
const pageSize = 500;
const mostBackOffMs = 5_000;
/** A watch that ends sooner, even without an error, is not asked for again at once. */
const veryShortMs = 1_000;

export interface ReflectorOptions<T> {
  api: KubernetesApi;
  /** Of the collection. */
  path: string;
  labelSelector: string;
  /** Each state of an object, in order; `gone` with its last one. */
  changed: (object: T, gone: boolean) => void;
  /** A list or watch that failed; it is tried again. */
  failed?: (error: unknown) => void;
  /** Default 90 s. */
  silenceMs?: number;
}

/**
 * A copy of a collection, kept up to date by one list and one watch: what client-go calls a reflector. It goes on after everything that can
 * happen to a watch: a clean end without a word, a cut or dead connection, 410 (it lists again and tells the differences). A hint all the same:
 * it may be behind.
 */
export class Reflector<T extends { metadata: Metadata }> {
  readonly #options: ReflectorOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #stopping = new AbortController();
  #version: string | undefined;
  #isSynced = false;
  readonly #synced = Promise.withResolvers<undefined>();

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#synced.promise.catch(() => undefined);
    void this.#run();
  }

  /** Resolves when everything that there is has been seen once. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** An object that was just created: it is there, although the watch has not told yet. */
  learn(object: T): void {
    if (!this.#isPast(object) && !this.#objects.has(object.metadata.uid)) this.#put(object);
  }

  /** Whether the watch has told all about this state of it: what is not there now is gone again. */
  #isPast({ metadata }: T): boolean {
    return Number(metadata.resourceVersion ?? Number.NaN) <= Number(this.#version ?? Number.NaN);
  }

  stop(): void {
    this.#stopping.abort();
    this.#synced.reject(new Error('the watch was stopped'));
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopping()) {
      let watchedSince = Infinity;
      try {
        if (this.#version === undefined) await this.#list();
        watchedSince = performance.now();
        await this.#watch();
        failures = 0;
        if (performance.now() - watchedSince < veryShortMs) await this.#backOff(0);
      } catch (error) {
        if (this.#isStopping()) return;
        if (isStatus(error, 410)) this.#version = undefined;
        this.#options.failed?.(error);
        if (performance.now() - watchedSince > veryShortMs) failures = 0;
        await this.#backOff(failures++);
      }
    }
  }

  async #backOff(failures: number): Promise<void> {
    const backOffMs = Math.min(mostBackOffMs, 100 * 2 ** failures) * (0.5 + Math.random());
    await sleep(backOffMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #list(): Promise<void> {
    const { api, path, labelSelector } = this.#options;
    const seen = new Map<string, T>();
    let version: string | undefined;
    let next: string | undefined;
    do {
      const page = await api.send<{ items: T[]; metadata: { resourceVersion: string; continue?: string } }>({
        method: 'GET',
        path,
        query: { labelSelector, limit: String(pageSize), continue: next },
        signal: this.#stopping.signal,
      });
      for (const object of page.items) seen.set(object.metadata.uid, object);
      version = page.metadata.resourceVersion;
      next = page.metadata.continue === '' ? undefined : page.metadata.continue;
    } while (next !== undefined);
    for (const [uid, old] of this.#objects) if (!seen.has(uid)) this.#remove(old);
    for (const object of seen.values()) this.#put(object);
    this.#version = version;
    this.#isSynced = true;
    this.#synced.resolve(undefined);
  }

  async #watch(): Promise<void> {
    const { api, path, labelSelector } = this.#options;
    const cut = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, cut.signal]);
    const silence = setTimeout(() => {
      cut.abort(new Error('the watch was silent'));
    }, this.#options.silenceMs ?? silenceMs);
    try {
      const query = {
        ...{ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(watchSeconds) },
        ...{ labelSelector, resourceVersion: this.#version },
      };
      for await (const line of linesOf(await api.stream(path, query, signal), Number.POSITIVE_INFINITY)) {
        silence.refresh();
        this.#take(JSON.parse(line) as WatchEvent<T>);
      }
    } finally {
      clearTimeout(silence);
      cut.abort();
    }
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'ERROR') throw new StatusError(event.object.code, JSON.stringify(event.object));
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
    if (event.type === 'DELETED') this.#remove(event.object);
    else if (event.type !== 'BOOKMARK') this.#put(event.object);
  }

  #put(object: T): void {
    const { uid, resourceVersion } = object.metadata;
    if (this.#objects.get(uid)?.metadata.resourceVersion === resourceVersion) return;
    this.#objects.set(uid, object);
    this.#options.changed(object, false);
  }

  #remove(object: T): void {
    this.#objects.delete(object.metadata.uid);
    this.#options.changed(object, true);
  }
}

type WatchEvent<T> =
  { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T } | { type: 'ERROR'; object: { code: number } };
