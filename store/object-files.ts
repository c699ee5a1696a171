import { createHash } from 'node:crypto';
import { open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredObject } from './store.ts';
import type { StoreRoot } from './store-root.ts';
import { hasCode } from './system-errors.ts';
import { removeTemp, writeTemp } from './temp-files.ts';

/** How often a write is begun again when the directory it goes to is removed under it. */
const mostTries = 10;

/** Where it cannot be an object, there is none; any other error goes on. */
const nothing = (error: unknown): undefined => {
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
  throw error;
};

/** The object at a path, with the version that its bytes had. */
export async function readObject(path: string): Promise<StoredObject | undefined> {
  const file = await open(path, 'r').catch(nothing);
  if (file === undefined) return undefined;
  try {
    const { ino, mtimeNs } = await file.stat({ bigint: true });
    const bytes = await file.readFile();
    // Two writes within one tick of the file system's clock can share inode and time, but not with another content.
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    return { bytes, etag: `${ino.toString(36)}-${mtimeNs.toString(36)}-${digest}` };
  } catch (error) {
    if (hasCode(error, 'EISDIR')) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

export async function isFile(path: string): Promise<boolean> {
  return (await modifiedAt(path)) !== undefined;
}

/** When a file was written; undefined where there is none. */
export async function modifiedAt(path: string): Promise<Date | undefined> {
  const found = await stat(path).catch(nothing);
  return found?.isFile() === true ? found.mtime : undefined;
}

/** The names of the directories in a directory, sorted. */
export async function foldersIn(directory: string): Promise<string[]> {
  const entries = (await readdir(directory, { withFileTypes: true }).catch(nothing)) ?? [];
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}

/** The paths of all files under a directory; of links, those to files. */
export async function filesUnder(directory: string): Promise<string[]> {
  const entries = (await readdir(directory, { withFileTypes: true }).catch(nothing)) ?? [];
  const found = entries
    .filter(({ name }) => !name.startsWith('.'))
    .map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return filesUnder(path);
      // A mounted ConfigMap shows its files as links.
      return entry.isFile() || (entry.isSymbolicLink() && (await isFile(path))) ? [path] : [];
    });
  return (await Promise.all(found)).flat();
}

/** Puts bytes at a path by way of a temporary file; `how`: rename(2) replaces what is there, link(2) refuses with EEXIST. */
export async function placeFile(
  root: StoreRoot,
  path: string,
  bytes: Uint8Array,
  how: (from: string, to: string) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    let temp: string | undefined;
    try {
      temp = await writeTemp(root.temps, bytes);
      await root.makeDirectory(dirname(path));
      await how(temp, path);
      return;
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || tries === mostTries) throw error;
    } finally {
      if (temp !== undefined) await removeTemp(temp);
    }
  }
}

/** Removes a file that may be gone, and the directories above it that it leaves empty, up to `root`. */
export async function removeFile(root: string, path: string): Promise<void> {
  await unlink(path).catch(nothing);
  for (let parent = dirname(path); parent !== root; parent = dirname(parent)) {
    const empty = await rmdir(parent).then(
      () => true,
      () => false,
    );
    if (!empty) return;
  }
}
