import { createHash } from 'node:crypto';
import type { ContextEntry } from './context-entries.ts';
import { FileContents } from './file-contents.ts';

/** SHA-256 of a build's context, in hex: of paths, content, targets of links and whether files are executable; not of times, owners or order. */
export async function contextDigest(entries: readonly ContextEntry[]): Promise<string> {
  const hash = createHash('sha256');
  const contents = new FileContents();
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path, kind } = entry;
    const more =
      kind === 'link' ? entry.target : { isExecutable: entry.isExecutable, digest: await digestOf(contents.of(entry)) };
    hash.update(`${JSON.stringify([path, kind, more])}\n`);
  }
  return hash.digest('hex');
}

async function digestOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
