import { join, resolve } from 'node:path';
import { cacheDir, type Kind, type Place } from './place.ts';
import type { Say } from './timed.ts';

/** Which testbed, and who hears of it. */
export interface TestbedOptions {
  /** Everything that it keeps. Default: `${XDG_CACHE_HOME:-~/.cache}/relaunch/<kind>/state`. */
  stateDir?: string | undefined;
  /** Default: the process's. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Hears what takes long. Default: stderr. */
  say?: Say | undefined;
}

interface Settled {
  /** Where what was fetched and built is. */
  cache: string;
  stateDir: string;
  env: Readonly<Record<string, string | undefined>>;
  say: Say;
}

export function settle(kind: Kind<Place>, { env = process.env, stateDir, say = toStderr }: TestbedOptions): Settled {
  const cache = cacheDir(kind, env);
  return { env, cache, stateDir: resolve(stateDir ?? join(cache, 'state')), say };
}

const toStderr: Say = (line) => void process.stderr.write(`testbed: ${line}\n`);
