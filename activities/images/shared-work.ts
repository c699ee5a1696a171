import { unlessAborted } from '../backends/waiting.ts';
import type { BuildLine, BuildSink } from './engine/image-engine.ts';

type Work<T> = (sink: BuildSink, signal: AbortSignal) => Promise<T>;

interface Shared<T> {
  done: Promise<T>;
  sinks: Set<BuildSink>;
  stop: AbortController;
}

/** Makes, or pushes, one image for all who want that on this host at the same time, for as long as one of them does. */
export class SharedWork<T> {
  readonly #works = new Map<string, Shared<T>>();

  /** Joins the work on this key, or begins it. Each hears what is said from then on. Rejects with the signal's reason; the last one to leave ends the work first. */
  async join(key: string, work: Work<T>, sink: BuildSink, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#works.get(key) ?? this.#begin(key, work);
    shared.sinks.add(sink);
    try {
      return await unlessAborted(signal, () => shared.done);
    } finally {
      shared.sinks.delete(sink);
      if (shared.sinks.size === 0) {
        shared.stop.abort(new Error('nobody waits for this image any more'));
        await shared.done.catch(() => undefined);
      }
    }
  }

  #begin(key: string, work: Work<T>): Shared<T> {
    const sinks = new Set<BuildSink>();
    const stop = new AbortController();
    const all = {
      line: async (line: BuildLine): Promise<void> => {
        await Promise.all([...sinks].map((each) => each.line(line)));
      },
    };
    // Nobody who comes while it is being called off may join it.
    stop.signal.addEventListener('abort', () => this.#works.delete(key), { once: true });
    const done = work(all, stop.signal).finally(() => {
      if (this.#works.get(key)?.stop === stop) this.#works.delete(key);
    });
    done.catch(() => undefined);
    const shared = { done, sinks, stop };
    this.#works.set(key, shared);
    return shared;
  }
}
