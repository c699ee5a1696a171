import { label } from '../labels.ts';
import type { AttemptRef } from '../backend.ts';
import { pause } from '../waiting.ts';
import { isAnswer } from './engine-error.ts';
import { listContainers, listVolumes } from './list.ts';
import { removeVolume } from './notes.ts';
import type { DockerSite } from './site.ts';

const lookMs = 100;
const removeMs = 60_000;

/** Ends and removes all that has an attempt's uid, with the volumes that its image made; see Backend.release. The run's checkpoints stay. */
export async function releaseAttempt(site: DockerSite, ref: AttemptRef, signal: AbortSignal): Promise<void> {
  const ours = { [label.uid]: ref.uid };
  for (;;) {
    const containers = await listContainers(site, ours, signal);
    if (containers.length === 0) break;
    for (const { Id } of containers) await remove(site, Id, signal);
  }
  const volumes = await listVolumes(site, `${label.uid}=${ref.uid}`, signal);
  for (const { Name } of volumes) await removeVolume(site, Name, signal);
}

async function remove({ engine }: DockerSite, id: string, signal: AbortSignal): Promise<void> {
  const query = { force: '1', v: '1' };
  try {
    await engine.find({ method: 'DELETE', path: `/containers/${id}`, query, timeoutMs: removeMs, signal });
  } catch (error) {
    // Somebody else removes it just now.
    if (!isAnswer(error, 409)) throw error;
    await pause(lookMs, signal);
  }
}
