import { setTimeout as sleep } from 'node:timers/promises';

/** Does work at once, and again `everyMs` after its end, until it is called off: that resolves when nothing of it goes on. Errors go to `failed`. */
export function repeat(
  everyMs: number,
  work: () => Promise<unknown>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  const off = new AbortController();
  const going = (async () => {
    while (!off.signal.aborted) {
      await work().catch(failed);
      await sleep(everyMs, undefined, { signal: off.signal }).catch(() => undefined);
    }
  })();
  return () => {
    off.abort();
    return going;
  };
}
