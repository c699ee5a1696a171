import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';
import { RelaunchError } from '../contracts/failures.ts';

const longestWaitMs = 30_000;

/**
 * Does `work` while holding the exclusive lock of a file, which is made if it is missing, against all processes of this machine and
 * all callers in this one. The kernel gives it back when its holder dies.
 * @throws RelaunchError StoreUnavailable if somebody else holds it for 30 s.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const file = await open(path, 'a', 0o600);
  try {
    // Tried again and again, since a blocking wait would hold a thread that the holder may need for its own file operations.
    const deadline = performance.now() + longestWaitMs;
    for (let waitMs = 1; !tryLock(file.fd); waitMs = Math.min(waitMs * 2, 20)) {
      if (performance.now() > deadline) {
        throw new RelaunchError(
          'StoreUnavailable',
          `${path} has been locked by another process for ${String(longestWaitMs / 1_000)} s`,
        );
      }
      await delay(waitMs * (0.5 + Math.random() / 2));
    }
    return await work();
  } finally {
    await file.close();
  }
}
