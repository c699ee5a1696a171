import { shortHash } from '../../../contracts/hash.ts';
import { attemptName } from '../../../contracts/names.ts';
import type { AttemptRef } from '../backend.ts';
import { label, labelsOf } from '../labels.ts';
import { isAnswer } from './engine-error.ts';
import type { Volume } from './objects.ts';
import type { DockerSite } from './site.ts';

/** What is remembered of an attempt that has no container: nothing of it may start any more, or its image could not be had. */
export type NoteKind = 'stopped' | 'no-image';

/** Whatever has the first is listed as an attempt's, and removed with it. */
export const noteLabel = { kind: 'relaunch.dev/note', words: 'relaunch.dev/words' } as const;

/**
 * Remembers something of an attempt, the first time for good. An empty volume with labels: the engine makes one of a name once, keeps it
 * over restarts, and whoever finds the engine finds it.
 */
export async function putNote(
  site: DockerSite,
  { ref, agent }: { ref: AttemptRef; agent: string },
  kind: NoteKind,
  words: string,
  signal: AbortSignal,
): Promise<void> {
  const labels = {
    ...labelsOf(ref, site.owner),
    [label.agent]: agent,
    [noteLabel.kind]: kind,
    [noteLabel.words]: words,
  };
  const body = { Name: noteName(site, ref, kind), Labels: labels };
  await site.engine.send({ method: 'POST', path: '/volumes/create', body, signal });
}

/** What was remembered, in words; undefined: nothing. */
export async function readNote(
  site: DockerSite,
  ref: AttemptRef,
  kind: NoteKind,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = `/volumes/${noteName(site, ref, kind)}`;
  const volume = await site.engine.find<Volume>({ method: 'GET', path, signal });
  return volume === undefined ? undefined : (volume.Labels?.[noteLabel.words] ?? '');
}

/** No error if it is not there, or if a container uses it. */
export async function removeVolume({ engine }: DockerSite, name: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.find({ method: 'DELETE', path: `/volumes/${name}`, signal });
  } catch (error) {
    if (!isAnswer(error, 409)) throw error;
  }
}

const noteName = ({ owner }: DockerSite, { run, attempt, uid }: AttemptRef, kind: NoteKind): string =>
  `${attemptName(run, attempt)}-${kind}-${shortHash(JSON.stringify([owner, uid]), 12)}`;
