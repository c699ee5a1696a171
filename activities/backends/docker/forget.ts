import { label } from '../labels.ts';
import { checkpointVolume } from './checkpoints.ts';
import { listContainers } from './list.ts';
import { removeVolume } from './notes.ts';
import type { DockerSite } from './site.ts';

/** Removes a run's checkpoints; see Backend.forget. */
export async function forgetRun(site: DockerSite, entity: string, run: string, signal: AbortSignal): Promise<void> {
  const attempts = await listContainers(site, { [label.entity]: entity, [label.run]: run }, signal);
  if (attempts.length === 0) await removeVolume(site, checkpointVolume(site.owner, entity, run).name, signal);
}
