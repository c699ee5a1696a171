import { Header } from 'tar';
import { shortHash } from '../../../contracts/hash.ts';
import { label, type Labels } from '../labels.ts';
import type { DockerSite } from './site.ts';

/** Where the volume is in each container. */
export const checkpointMount = '/checkpoints';

const directory = 'run';

/** The directory on it that jobs find: RELAUNCH_CHECKPOINT_DIR. */
export const checkpointDir = `${checkpointMount}/${directory}`;

/** The volume that lasts over the attempts of a run, made with the first container that wants it. */
export function checkpointVolume(owner: string, entity: string, run: string): { name: string; labels: Labels } {
  return {
    name: `${run}-checkpoints-${shortHash(JSON.stringify([owner, entity, run]), 12)}`,
    labels: { [label.owner]: owner, [label.entity]: entity, [label.run]: run, [checkpointLabel]: 'true' },
  };
}

/** Tells these volumes from what else has a run's labels. */
export const checkpointLabel = 'relaunch.dev/checkpoints';

/**
 * Makes the directory, for every user of the image to write: jobs run as many users, and one run alone has it. Unpacked by the engine,
 * before anything runs: an image need not have a program that could do it, and may be read-only.
 */
export async function makeDirectory({ engine }: DockerSite, container: string, signal: AbortSignal): Promise<void> {
  const path = `/containers/${container}/archive`;
  await engine.send({ method: 'PUT', path, query: { path: checkpointMount }, tar: openDirectory(), signal });
}

/** A tar of one entry, and its end. */
function openDirectory(): Buffer {
  const tar = Buffer.alloc(3 * 512);
  const entry = {
    path: `${directory}/`,
    mode: 0o777,
    type: 'Directory',
    uid: 0,
    gid: 0,
    size: 0,
    mtime: new Date(),
  } as const;
  new Header(entry).encode(tar);
  return tar;
}
