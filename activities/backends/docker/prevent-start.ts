import type { AttemptRef } from '../backend.ts';
import { pause } from '../waiting.ts';
import { isAnswer } from './engine-error.ts';
import { putNote } from './notes.ts';
import { stageOf, type Container } from './objects.ts';
import { findContainer, isOurs, type DockerSite } from './site.ts';

const lookMs = 50;

/**
 * Makes sure that nothing of an attempt starts from now on. Answers its container, if that had started before; else there is none any more.
 * A submit that is under way finds the note, or its container gone.
 */
export async function preventStart(
  site: DockerSite,
  ref: AttemptRef,
  signal: AbortSignal,
): Promise<Container | undefined> {
  await putNote(site, { ref, agent: '' }, 'stopped', '', signal);
  for (;;) {
    const container = await findContainer(site, ref, signal);
    if (container === undefined || !isOurs(site, container, ref)) return undefined;
    if (stageOf(container.State) !== 'created') return container;
    try {
      // Without force: one that has just started stays.
      await site.engine.find({ method: 'DELETE', path: `/containers/${container.Id}`, query: { v: '1' }, signal });
    } catch (error) {
      if (!isAnswer(error, 409)) throw error;
      await pause(lookMs, signal);
    }
  }
}
