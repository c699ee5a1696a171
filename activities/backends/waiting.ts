import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. Rejects with the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

const firstWaitMs = 100;

/**
 * Does work again while it fails, for so long: each time after about twice as long, up to `mostMs`, or after what `waitFor` makes of that;
 * undefined: it fails for good. @throws what the work threw last, and the signal's reason
 */
export async function patiently<T>(
  { patienceMs, mostMs, signal }: { patienceMs: number; mostMs: number; signal: AbortSignal },
  work: () => Promise<T>,
  waitFor: (error: unknown, waitMs: number) => number | undefined,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, mostMs)) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = waitFor(error, waitMs * (0.5 + Math.random()));
      if (pauseMs === undefined || performance.now() + pauseMs > deadline) throw error;
      await pause(pauseMs, signal);
    }
  }
}

/** Rejects with the signal's reason as soon as it is aborted, whatever the work is waiting for; the work has to stop by itself. */
export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([aborted, work()]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}
