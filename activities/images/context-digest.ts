import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ContextEntry } from './context-entries.ts';

/** SHA-256 of a build's context, in hex: of paths, content, targets of links and whether files are executable; not of times, owners or order. */
export async function contextDigest(entries: readonly ContextEntry[]): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path, kind } = entry;
    const more = kind === 'link' ? entry.target : { isExecutable: entry.isExecutable, digest: await digestOf(entry) };
    hash.update(`${JSON.stringify([path, kind, more])}\n`);
  }
  return hash.digest('hex');
}

async function digestOf({ content }: ContextEntry & { kind: 'file' }): Promise<string> {
  const hash = createHash('sha256');
  if (content instanceof Uint8Array) hash.update(content);
  else for await (const chunk of createReadStream(content.absolute)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
