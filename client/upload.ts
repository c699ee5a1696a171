import { resolve } from 'node:path';
import type { LaunchSpecInput } from '../contracts/launch-spec.ts';
import { packDirectory, uploadArchive } from '../store/archive.ts';
import type { Relaunch } from './connect.ts';

type Code = LaunchSpecInput['source']['code'];

/** Packs a directory of code and puts it into the store, once; the source that names it. One that is packed already stays as it is. */
export async function upload({ store }: Relaunch, { dir, digest }: Code): Promise<Code> {
  if (dir === undefined || digest !== undefined) return { ...(dir === undefined ? {} : { dir }), digest };
  const packed = await packDirectory(resolve(dir));
  await uploadArchive(store, packed);
  return { dir: resolve(dir), digest: packed.digest };
}
