import type { AttemptRef } from '../backend.ts';
import { stageOf } from './objects.ts';
import { preventStart } from './prevent-start.ts';
import { findContainer, isOurs, type DockerSite } from './site.ts';

/** A kill that does not get through is given up then, and asked for again. */
const killMs = 60_000;

/** TERM, grace, KILL; see Backend.stop. What had not started, never will. */
export async function stopAttempt(
  site: DockerSite,
  ref: AttemptRef,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const found = await findContainer(site, ref, signal);
  if (found !== undefined && !isOurs(site, found, ref)) return;
  for (;;) {
    const container = await preventStart(site, ref, signal);
    if (container === undefined || stageOf(container.State) === 'ended') return;
    await site.engine.find({
      method: 'POST',
      path: `/containers/${container.Id}/stop`,
      query: { t: String(Math.ceil(graceMs / 1_000)) },
      timeoutMs: graceMs + killMs,
      signal,
    });
  }
}
