import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';
import type { Say } from './timed.ts';

/** Does `work` while no other process builds, starts or ends a testbed from this cache. The kernel gives the lock back when its holder dies. */
export async function oneAtATime<T>(cache: string, say: Say, work: () => Promise<T>): Promise<T> {
  await mkdir(cache, { recursive: true });
  const file = await open(join(cache, 'lock'), 'a', 0o600);
  try {
    let told = false;
    while (!tryLock(file.fd)) {
      if (!told) say('waiting for another process that starts or ends a testbed');
      told = true;
      await sleep(100);
    }
    return await work();
  } finally {
    await file.close();
  }
}
