import { unlessAborted } from '../backends/waiting.ts';
import type { BuildLine, BuildSink } from './engine/image-engine.ts';

interface Shared {
  done: Promise<void>;
  sinks: Set<BuildSink>;
  stop: AbortController;
}

/** Makes one image for all who want it on this host at the same time, for as long as one of them does. */
export class SharedBuilds {
  readonly #builds = new Map<string, Shared>();

  /** Joins the build of this key, or begins it. Each hears what is said from then on. Rejects with the signal's reason; the last one to leave ends the build first. */
  async join(
    key: string,
    build: (sink: BuildSink, signal: AbortSignal) => Promise<void>,
    sink: BuildSink,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const shared = this.#builds.get(key) ?? this.#begin(key, build);
    shared.sinks.add(sink);
    try {
      await unlessAborted(signal, () => shared.done);
    } finally {
      shared.sinks.delete(sink);
      if (shared.sinks.size === 0) {
        shared.stop.abort(new Error('nobody waits for this image any more'));
        await shared.done.catch(() => undefined);
      }
    }
  }

  #begin(key: string, build: (sink: BuildSink, signal: AbortSignal) => Promise<void>): Shared {
    const sinks = new Set<BuildSink>();
    const stop = new AbortController();
    const all = {
      line: async (line: BuildLine): Promise<void> => {
        await Promise.all([...sinks].map((each) => each.line(line)));
      },
    };
    // Nobody who comes while it is being called off may join it.
    stop.signal.addEventListener('abort', () => this.#builds.delete(key), { once: true });
    const done = build(all, stop.signal).finally(() => {
      if (this.#builds.get(key)?.stop === stop) this.#builds.delete(key);
    });
    done.catch(() => undefined);
    const shared = { done, sinks, stop };
    this.#builds.set(key, shared);
    return shared;
  }
}
