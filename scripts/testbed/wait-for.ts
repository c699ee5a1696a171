import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { logOf, pidOf } from './part.ts';
import type { Place } from './place.ts';
import { unavailable } from './unavailable.ts';

/**
 * Waits until a part of a testbed is ready. `probe` answers what is still missing, and nothing when it is ready; what it throws is missing, too.
 * @throws RelaunchError with the end of the part's log when it ends before, or after `patienceMs`
 */
export async function waitFor(
  place: Place,
  part: string,
  patienceMs: number,
  probe: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const missing = await probe().catch(messageOf);
    if (missing === undefined) return;
    const ended = (await pidOf(place, part)) === undefined;
    if (ended || performance.now() > deadline) {
      const how = ended ? 'ended while it was started' : `was not ready after ${String(patienceMs / 1_000)} s`;
      throw unavailable(`${part} ${how}: ${missing}. The end of ${logOf(place, part)}:\n${await tailOf(place, part)}`);
    }
    await sleep(50);
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function tailOf(place: Place, part: string): Promise<string> {
  const log = await readFile(logOf(place, part), 'utf8').catch(messageOf);
  return log.trim().split('\n').slice(-5).join('\n');
}
