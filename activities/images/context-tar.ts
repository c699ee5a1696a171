import { Readable } from 'node:stream';
import { tarEnd, tarHeader, tarPadding } from '../../store/tar-blocks.ts';
import type { TreeEntry } from './context-entries.ts';
import { FileContents } from './file-contents.ts';

interface Attributes {
  mtime: Date;
  /** Whoever finds it may change it. */
  isOpen: boolean;
}

/** Of no time: a file that was only touched must not be another one to the engine's cache. */
const ofContexts: Attributes = { mtime: new Date(0), isOpen: false };

/** Entries as a tar, those of a build's context unless it is told otherwise. What cannot be read ends it with that error. */
export function contextTar(entries: readonly TreeEntry[], attributes = ofContexts): Readable {
  return Readable.from(blocksOf(entries, attributes));
}

async function* blocksOf(entries: readonly TreeEntry[], { mtime, isOpen }: Attributes): AsyncGenerator<Uint8Array> {
  const modeOf = (mode: number): number => (isOpen ? mode | 0o022 : mode);
  const contents = new FileContents();
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path } = entry;
    if (entry.kind === 'directory') {
      yield tarHeader({ path: `${path}/`, mode: modeOf(0o755), size: 0, type: 'Directory' }, mtime);
      continue;
    }
    if (entry.kind === 'link') {
      yield tarHeader({ path, linkpath: entry.target, mode: 0o777, size: 0, type: 'SymbolicLink' }, mtime);
      continue;
    }
    const { content } = entry;
    const size = content instanceof Uint8Array ? content.length : content.sizeBytes;
    yield tarHeader({ path, mode: modeOf(entry.isExecutable ? 0o755 : 0o644), size, type: 'File' }, mtime);
    let left = size;
    for await (const piece of contents.of(entry)) {
      left -= piece.length;
      yield piece;
    }
    if (left !== 0) throw new Error(`${path} changed while it was read`);
    yield tarPadding(size);
  }
  yield tarEnd();
}
