import { chmod, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inOrder } from '../../../store/in-order.ts';
import { hasCode } from '../../../store/system-errors.ts';
import type { TreeEntry } from '../../images/context-entries.ts';
import { FileContents } from '../../images/file-contents.ts';

/** Makes a directory with a tree in it, on disk when it resolves: everybody may read it, whatever this process masks, and only its owner change it. */
export async function writeTree(tree: readonly TreeEntry[], directory: string, signal: AbortSignal): Promise<void> {
  const made = new Set<string>();
  const make = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    if (path !== '.') await make(dirname(path));
    await makeReadable(join(directory, path));
    made.add(path);
  };
  await make('.');
  for (const { path, kind } of tree) await make(kind === 'directory' ? path : dirname(path));
  const contents = new FileContents();
  const writing = inOrder(tree, async (entry) => {
    signal.throwIfAborted();
    const path = join(directory, entry.path);
    if (entry.kind === 'link') await symlink(entry.target, path);
    if (entry.kind === 'file') await writeSynced(path, entry.isExecutable ? 0o755 : 0o644, contents.of(entry));
  });
  for await (const _written of writing);
  for (const path of made) await syncDirectory(join(directory, path));
}

/** Makes a directory unless it is there; its parent must be. */
export async function makeReadable(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    throw error;
  }
  await chmod(path, 0o755);
}

/** What is in a directory stays there when the machine stops. Some file systems cannot be told. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync().catch(() => undefined);
  } finally {
    await directory.close();
  }
}

async function writeSynced(path: string, mode: number, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
