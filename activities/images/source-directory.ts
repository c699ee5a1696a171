import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { refused } from './refused.ts';
import type { SourceFiles } from './source-files.ts';

const mostBytes = 16 * 1_024 ** 2;

/** A directory on this machine, that nobody else writes to. Links are not followed. */
export function sourceDirectory(root: string): SourceFiles {
  return {
    kind: (path) => {
      const { stats, isWhole } = findIn(root, path);
      if (stats === undefined || (!isWhole && stats.isFile())) return undefined;
      if (!isWhole) return 'other';
      return stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
    },
    read: (path) => {
      const { stats, isWhole } = findIn(root, path);
      if (!isWhole || stats?.isFile() !== true) return undefined;
      if (stats.size > mostBytes) throw refused(`${path} has ${String(stats.size)} bytes, at most 16 MiB are read`);
      return readFileSync(join(root, path), 'utf8');
    },
  };
}

/** What is at the end of a path, or at the first part of it that is no directory. */
function findIn(root: string, path: string): { stats: Stats | undefined; isWhole: boolean } {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const isWhole = end < 0;
    const stats = lstatSync(join(root, isWhole ? path : path.slice(0, end)), { throwIfNoEntry: false });
    if (isWhole || stats?.isDirectory() !== true) return { stats, isWhole };
  }
}
