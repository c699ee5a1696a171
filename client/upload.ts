import { resolve } from 'node:path';
import type { Source } from '../contracts/source.ts';
import { packDirectory, uploadArchive } from '../store/archive.ts';
import type { Relaunch } from './connect.ts';

/** Packs a directory of code and puts it into the store, once; the source that names it. One that is packed already, or is no code, stays as it is. */
export async function upload({ store }: Pick<Relaunch, 'store'>, source: Source): Promise<Source> {
  const { dir, digest } = source.code ?? {};
  if (dir === undefined || digest !== undefined) return source;
  const packed = await packDirectory(resolve(dir));
  await uploadArchive(store, packed);
  return { code: { dir: resolve(dir), digest: packed.digest } };
}
