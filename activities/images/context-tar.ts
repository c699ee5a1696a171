import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import type { TreeEntry } from './context-entries.ts';

interface Attributes {
  mtime: Date;
  /** Whoever finds it may change it. */
  isOpen: boolean;
}

/** Of no time: a file that was only touched must not be another one to the engine's cache. */
const ofContexts: Attributes = { mtime: new Date(0), isOpen: false };

/** Entries as a tar, those of a build's context unless it is told otherwise. What cannot be read ends it with that error. */
export function contextTar(entries: readonly TreeEntry[], attributes = ofContexts): Readable {
  const tar = pack();
  fill(tar, entries, attributes).catch((error: unknown) => {
    tar.destroy(error as Error);
  });
  return tar;
}

async function fill(tar: Pack, entries: readonly TreeEntry[], { mtime, isOpen }: Attributes): Promise<void> {
  const modeOf = (mode: number): number => (isOpen ? mode | 0o022 : mode);
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path: name } = entry;
    if (entry.kind === 'directory') {
      tar.entry({ name: `${name}/`, type: 'directory', mode: modeOf(0o755), mtime });
      continue;
    }
    if (entry.kind === 'link') {
      tar.entry({ name, type: 'symlink', linkname: entry.target, mtime });
      continue;
    }
    const { content } = entry;
    const mode = modeOf(entry.isExecutable ? 0o755 : 0o644);
    if (content instanceof Uint8Array) tar.entry({ name, mode, mtime }, Buffer.from(content));
    else await pipeline(createReadStream(content.absolute), tar.entry({ name, mode, mtime, size: content.sizeBytes }));
  }
  tar.finalize();
}
