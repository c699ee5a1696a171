import { keyOf } from '../../store/layout.ts';
import { dropLease, renewLease, takeLease } from '../../store/lease.ts';
import type { Store } from '../../store/store.ts';
import { pause } from '../backends/waiting.ts';

const renewMs = 10_000;
const lookAgainMs = 2_000;
/** An image that is made and that nobody comes to push is somebody else's to make. */
const pushPatienceMs = 120_000;

interface Held {
  renewing: NodeJS.Timeout;
  givingUp?: NodeJS.Timeout;
}

/** The images that this process makes, and nobody else meanwhile: from before the build until the push. */
export class BuildLeases {
  readonly #store: Store;
  readonly #held = new Map<string, Held>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Waits until nobody else makes this image. Answers false where `isThere` says that it is not needed any more. `waits` is told once who
   * has it. @throws the signal's reason; RelaunchError StoreUnavailable
   */
  async take(
    key: string,
    isThere: () => Promise<boolean>,
    waits: (host: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (let told = false; ;) {
      if (await isThere()) return false;
      const holder = await takeLease(this.#store, keyOf.build(key));
      if (holder === undefined) break;
      if (!told) await waits(holder.hostId);
      told = true;
      await pause(lookAgainMs, signal);
    }
    this.#keep(key);
    return true;
  }

  /** The image is made: now it has to be pushed within two minutes. */
  made(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    clearTimeout(held.givingUp);
    held.givingUp = setTimeout(() => void this.drop(key).catch(() => undefined), pushPatienceMs).unref();
  }

  /**
   * Removes those of builders that are gone: where nobody wants their images any more, nobody else would. Nothing may be held yet. Nobody
   * fails for what could not be removed: the next builder tries again.
   */
  async tidy(): Promise<void> {
    for (const key of await this.#store.list(keyOf.builds).catch(() => [])) {
      await this.#removeDead(key).catch(() => undefined);
    }
  }

  /** @throws RelaunchError StoreUnavailable */
  async drop(key: string): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    clearInterval(held.renewing);
    clearTimeout(held.givingUp);
    await dropLease(this.#store, keyOf.build(key));
  }

  async #removeDead(key: string): Promise<void> {
    if ((await takeLease(this.#store, key)) === undefined) await this.#store.remove(key);
  }

  #keep(key: string): void {
    const before = this.#held.get(key);
    clearInterval(before?.renewing);
    clearTimeout(before?.givingUp);
    const renewing = setInterval(() => {
      // One that was taken from us is a build too many, and harmless: both make the same.
      renewLease(this.#store, keyOf.build(key)).catch(() => undefined);
    }, renewMs);
    this.#held.set(key, { renewing: renewing.unref() });
  }
}
