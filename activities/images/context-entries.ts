import { lstatSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ignore } from './dockerignore.ts';

/** A file or symbolic link of a build's context. */
export type ContextEntry = { path: string } & (
  | { kind: 'file'; isExecutable: boolean; content: Uint8Array | { absolute: string; sizeBytes: number } }
  | { kind: 'link'; target: string }
);

/** What is in a directory of code. */
export type TreeEntry = ContextEntry | { path: string; kind: 'directory' };

/** All that is in a directory, in no particular order. Nobody else writes to it. */
export async function treeEntries(directory: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const waiting = [''];
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const found of await readdir(join(directory, below), { withFileTypes: true })) {
      const path = below === '' ? found.name : `${below}/${found.name}`;
      if (found.isDirectory()) {
        entries.push({ path, kind: 'directory' });
        waiting.push(path);
      } else entries.push(entryOf(join(directory, path), path));
    }
  }
  return entries;
}

/** What of a directory goes into a build's context; empty directories do not. */
export const contextEntries = async (directory: string, isIgnored: Ignore): Promise<ContextEntry[]> =>
  (await treeEntries(directory)).filter(
    (entry): entry is ContextEntry => entry.kind !== 'directory' && !isIgnored(entry.path),
  );

function entryOf(absolute: string, path: string): ContextEntry {
  const stat = lstatSync(absolute);
  if (stat.isSymbolicLink()) return { path, kind: 'link', target: readlinkSync(absolute) };
  const isExecutable = (stat.mode & 0o100) !== 0;
  return { path, kind: 'file', isExecutable, content: { absolute, sizeBytes: stat.size } };
}

/** Entries below a directory of the context, `.` for its root. */
export const entriesAt = <T extends TreeEntry>(directory: string, entries: readonly T[]): T[] =>
  directory === '.' ? [...entries] : entries.map((entry) => ({ ...entry, path: `${directory}/${entry.path}` }));

/** Entries with files of ours, which take the place of whatever is in their way. */
export function withFiles<T extends TreeEntry>(
  entries: readonly T[],
  files: Readonly<Record<string, string>>,
): (T | ContextEntry)[] {
  const paths = Object.keys(files);
  const isInTheWay = ({ path, kind }: T): boolean =>
    paths.some(
      (our) => our === path || path.startsWith(`${our}/`) || (kind !== 'directory' && our.startsWith(`${path}/`)),
    );
  const ours = Object.entries(files).map(([path, text]) => {
    return { path, kind: 'file' as const, isExecutable: false, content: Buffer.from(text) };
  });
  return [...entries.filter((entry) => !isInTheWay(entry)), ...ours];
}
