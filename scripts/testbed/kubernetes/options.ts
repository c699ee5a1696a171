import { join, resolve } from 'node:path';
import { cacheDir } from './place.ts';
import type { Say } from './timed.ts';

/** Which testbed, and who hears of it. */
export interface TestbedOptions {
  /** Everything that it keeps. Default: `${XDG_CACHE_HOME:-~/.cache}/relaunch/kubernetes/state`. */
  stateDir?: string | undefined;
  /** Default: the process's. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Hears what takes long. Default: stderr. */
  say?: Say | undefined;
}

interface Settled {
  stateDir: string;
  env: Readonly<Record<string, string | undefined>>;
  say: Say;
}

export function settle({ env = process.env, stateDir, say = toStderr }: TestbedOptions): Settled {
  return { env, stateDir: resolve(stateDir ?? join(cacheDir(env), 'state')), say };
}

const toStderr: Say = (line) => void process.stderr.write(`testbed: ${line}\n`);
