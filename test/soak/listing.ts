import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Cluster } from '../support/cluster.ts';
import { jobPidsIn } from '../support/process-pids.ts';
import type { Listing } from './listing-differences.ts';

/** What belongs to the server and to us who look. */
const notListed = /^(eyes|temporal\.db|dev-server\.log)/;

export async function listingOf(cluster: Cluster, workers: readonly { name: string; pid: number }[]): Promise<Listing> {
  const files = await readdir(cluster.home, { recursive: true, withFileTypes: true });
  const paths = files.map(({ parentPath, name }) => relative(cluster.home, join(parentPath, name)));
  return {
    processes: [...jobPidsIn(cluster.home).map(commandOf), ...workers.flatMap(({ pid }) => childrenOf(pid))].sort(),
    files: paths.filter((path) => !notListed.test(path)).sort(),
    open: new Map(workers.map(({ name, pid }) => [name, openIn(pid)])),
  };
}

function childrenOf(parent: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
    .map(commandOf);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return (
      readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
        .replaceAll('\0', ' ')
        .trim() || 'a dead child'
    );
  } catch {
    return 'ended meanwhile';
  }
}

function openIn(pid: number): Map<string, number> {
  const open = new Map<string, number>();
  const directory = `/proc/${String(pid)}/fd`;
  for (const descriptor of readdirSync(directory)) {
    const kind = kindOf(join(directory, descriptor));
    if (kind !== undefined) open.set(kind, (open.get(kind) ?? 0) + 1);
  }
  return open;
}

/** A path, or `socket`, `pipe`, `anon_inode`. */
function kindOf(link: string): string | undefined {
  try {
    const target = readlinkSync(link);
    return target.startsWith('/') ? target : target.split(':')[0];
  } catch {
    return undefined;
  }
}
