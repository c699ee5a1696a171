import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. Rejects with the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
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
