import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `look` answers something; undefined, false and errors are "not yet". @throws an Error with the last of them when `timeoutMs` (default 30 s) have passed. `everyMs`: between two looks; more where many look at once */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 30_000,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const seen = last instanceof Error ? last.message : String(last);
      throw new Error(`${what}: not within ${String(timeoutMs)} ms (last: ${seen})`, { cause: last });
    }
    await sleep(everyMs);
  }
}

/** Waits until a list is empty. */
export async function untilNone(
  what: string,
  list: () => Promise<readonly string[]>,
  timeoutMs?: number,
  everyMs?: number,
): Promise<void> {
  await until(
    `no more of ${what}`,
    async () => {
      const left = await list();
      if (left.length === 0) return true;
      throw new Error(left.join(', '));
    },
    timeoutMs,
    everyMs,
  );
}
