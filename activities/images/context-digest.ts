import { createHash } from 'node:crypto';
import type { TreeEntry } from './context-entries.ts';
import { FileContents } from './file-contents.ts';

/** SHA-256 of a build's context, or of another tree, in hex: of paths, content, targets of links and whether files are executable; not of times, owners or order. */
export async function contextDigest(entries: readonly TreeEntry[]): Promise<string> {
  const hash = createHash('sha256');
  const contents = new FileContents();
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${JSON.stringify([entry.path, entry.kind, await more(entry, contents)])}\n`);
  }
  return hash.digest('hex');
}

async function more(entry: TreeEntry, contents: FileContents): Promise<unknown> {
  if (entry.kind === 'directory') return undefined;
  if (entry.kind === 'link') return entry.target;
  return { isExecutable: entry.isExecutable, digest: await digestOf(contents.of(entry)) };
}

async function digestOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
