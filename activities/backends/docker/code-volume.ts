import type { Readable } from 'node:stream';
import type { MountSettings } from 'dockerode';
import { mountedVolume } from '../../images/mounted-source.ts';
import type { Attempt } from '../backend.ts';
import { label, labelsOf } from '../labels.ts';
import { noteLabel } from './notes.ts';
import type { DockerSite } from './site.ts';

/** A large source takes its time. */
const fillMs = 600_000;

/** A volume for the code of one container, which goes with that: the container's own file system may be read-only. */
export const codeVolume = ({ ref, agent }: Pick<Attempt, 'ref' | 'agent'>, owner: string): MountSettings => ({
  Type: 'volume',
  Source: '',
  Target: mountedVolume,
  VolumeOptions: {
    NoCopy: true,
    Labels: { ...labelsOf(ref, owner), [label.agent]: agent, [noteLabel.kind]: 'code' },
    DriverConfig: { Name: '', Options: {} },
  },
});

/** Unpacks a tar there, before anything of the container runs. Once: it is not tried again. */
export async function fillCodeVolume(
  { engine }: DockerSite,
  container: string,
  tar: Readable,
  signal: AbortSignal,
): Promise<void> {
  const broken = new AbortController();
  tar.once('error', (error: Error) => {
    broken.abort(error);
  });
  try {
    await engine.send({
      method: 'PUT',
      path: `/containers/${container}/archive`,
      query: { path: mountedVolume },
      tar,
      patienceMs: 0,
      timeoutMs: fillMs,
      signal: AbortSignal.any([signal, broken.signal]),
    });
  } finally {
    tar.destroy();
  }
}
