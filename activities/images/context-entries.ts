import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ignore } from './dockerignore.ts';

/** A file or symbolic link of a build's context. */
export type ContextEntry = { path: string } & (
  | { kind: 'file'; isExecutable: boolean; content: Uint8Array | { absolute: string; sizeBytes: number } }
  | { kind: 'link'; target: string }
);

/** What of a directory goes into a build's context, in no particular order; empty directories do not. Nobody else writes to it. */
export async function contextEntries(directory: string, isIgnored: Ignore): Promise<ContextEntry[]> {
  const entries: ContextEntry[] = [];
  const waiting = [''];
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const found of await readdir(join(directory, below), { withFileTypes: true })) {
      const path = below === '' ? found.name : `${below}/${found.name}`;
      if (found.isDirectory()) waiting.push(path);
      else if (!isIgnored(path)) entries.push(await entryOf(join(directory, path), path));
    }
  }
  return entries;
}

async function entryOf(absolute: string, path: string): Promise<ContextEntry> {
  const stat = await lstat(absolute);
  if (stat.isSymbolicLink()) return { path, kind: 'link', target: await readlink(absolute) };
  const isExecutable = (stat.mode & 0o100) !== 0;
  return { path, kind: 'file', isExecutable, content: { absolute, sizeBytes: stat.size } };
}

/** Entries below a directory of the context, `.` for its root. */
export const entriesAt = (directory: string, entries: readonly ContextEntry[]): ContextEntry[] =>
  directory === '.' ? [...entries] : entries.map((entry) => ({ ...entry, path: `${directory}/${entry.path}` }));

/** Entries with files of ours, which take the places of those of the same path. */
export function withFiles(entries: readonly ContextEntry[], files: Readonly<Record<string, string>>): ContextEntry[] {
  const ours = Object.entries(files).map(([path, text]) => {
    return { path, kind: 'file' as const, isExecutable: false, content: Buffer.from(text) };
  });
  return [...entries.filter(({ path }) => !Object.hasOwn(files, path)), ...ours];
}
