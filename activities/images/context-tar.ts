import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import type { ContextEntry } from './context-entries.ts';

/** A build's context as a tar. What cannot be read ends it with that error. */
export function contextTar(entries: readonly ContextEntry[]): Readable {
  const tar = pack();
  fill(tar, entries).catch((error: unknown) => {
    tar.destroy(error as Error);
  });
  return tar;
}

/** Of no time: a file that was only touched must not be another one to the engine's cache. */
const mtime = new Date(0);

async function fill(tar: Pack, entries: readonly ContextEntry[]): Promise<void> {
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path: name } = entry;
    if (entry.kind === 'link') {
      tar.entry({ name, type: 'symlink', linkname: entry.target, mtime });
      continue;
    }
    const { content } = entry;
    const mode = entry.isExecutable ? 0o755 : 0o644;
    if (content instanceof Uint8Array) tar.entry({ name, mode, mtime }, Buffer.from(content));
    else await pipeline(createReadStream(content.absolute), tar.entry({ name, mode, mtime, size: content.sizeBytes }));
  }
  tar.finalize();
}
