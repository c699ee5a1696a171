import { keyOf } from './layout.ts';
import type { PackedDirectory } from './pack-directory.ts';
import type { Store } from './store.ts';

export { mostPackedBytes, packDirectory, packTar } from './pack-directory.ts';
export { unpackArchive } from './unpack-archive.ts';

/** Puts an archive into the store unless it is there. Answers whether it did. @throws RelaunchError StoreUnavailable */
export async function uploadArchive(
  store: Store,
  { digest, bytes }: Pick<PackedDirectory, 'digest' | 'bytes'>,
): Promise<boolean> {
  const key = keyOf.code(digest);
  return !(await store.has(key)) && (await store.putIfAbsent(key, bytes));
}
