import type { AttemptRef } from '../backend.ts';
import { pause } from '../waiting.ts';
import { isAnswer } from './engine-error.ts';
import { removeNotes } from './notes.ts';
import { findContainer, isOurs, type DockerSite } from './site.ts';

const lookMs = 100;
const removeMs = 60_000;

/** Ends and removes an attempt, with the volumes that its image made; see Backend.release. The run's checkpoints stay. */
export async function releaseAttempt(site: DockerSite, ref: AttemptRef, signal: AbortSignal): Promise<void> {
  for (;;) {
    const container = await findContainer(site, ref, signal);
    if (container === undefined || !isOurs(site, container, ref)) break;
    try {
      await site.engine.find({
        method: 'DELETE',
        path: `/containers/${container.Id}`,
        query: { force: '1', v: '1' },
        timeoutMs: removeMs,
        signal,
      });
    } catch (error) {
      // Somebody else removes it just now.
      if (!isAnswer(error, 409)) throw error;
      await pause(lookMs, signal);
    }
  }
  await removeNotes(site, ref, signal);
}
