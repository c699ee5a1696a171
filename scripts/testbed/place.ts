import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a testbed is on this machine, and what must differ between two of them: derived from its directory and its base port alone. */
export interface Place {
  /** Data, logs and pid files. Two testbeds never share it. */
  stateDir: string;
  basePort: number;
  ports: Readonly<Record<string, number>>;
  /** Of the processes that start workloads, and of these: by it all of them are found. */
  cgroup: string;
}

/** What kinds of testbeds differ in. */
export interface Kind<P extends Place> {
  /** Of its directory in the cache. */
  name: string;
  defaultBasePort: number;
  placeOf(stateDir: string, basePort: number): P;
}

/** A distance of 100 keeps ports and subnets of two testbeds apart. */
export const isBasePort = (port: number): boolean => port >= 1_100 && port <= 62_400 && port % 100 === 0;

/** Where what was fetched and built is and, by default, the state. */
export function cacheDir(kind: { name: string }, env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'relaunch', kind.name);
}
