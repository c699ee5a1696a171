import type { Readable } from 'node:stream';
import type { MountSettings } from 'dockerode';
import type { Attempt } from '../backend.ts';
import { label, labelsOf } from '../labels.ts';
import { noteLabel } from './notes.ts';
import type { DockerSite } from './site.ts';

/** A large source takes its time. */
const fillMs = 600_000;

/** What a container finds on a volume of its own. */
export interface Filling {
  target: string;
  /** A tar. Once. */
  archive(): Readable;
}

/** A volume for what is put into one container, which goes with that: the container's own file system may be read-only. */
export const attemptVolume = (
  { ref, agent }: Pick<Attempt, 'ref' | 'agent'>,
  owner: string,
  kind: 'code' | 'secrets',
  target: string,
): MountSettings => ({
  Type: 'volume',
  Source: '',
  Target: target,
  VolumeOptions: {
    NoCopy: true,
    Labels: { ...labelsOf(ref, owner), [label.agent]: agent, [noteLabel.kind]: kind },
    DriverConfig: { Name: '', Options: {} },
  },
});

/** Unpacks a tar there, before anything of the container runs. Once: it is not tried again. */
export async function fillVolume(
  { engine }: DockerSite,
  container: string,
  { target, archive }: Filling,
  signal: AbortSignal,
): Promise<void> {
  const tar = archive();
  const broken = new AbortController();
  tar.once('error', (error: Error) => {
    broken.abort(error);
  });
  try {
    await engine.send({
      method: 'PUT',
      path: `/containers/${container}/archive`,
      query: { path: target },
      tar,
      patienceMs: 0,
      timeoutMs: fillMs,
      signal: AbortSignal.any([signal, broken.signal]),
    });
  } finally {
    tar.destroy();
  }
}
