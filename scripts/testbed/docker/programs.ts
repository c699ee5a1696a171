import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from '../directory.ts';
import { timed, type Say } from '../timed.ts';
import { unpackedEnv, unpackPackages } from '../unpack-packages.ts';

/** What Debian's packages bring. */
export interface Programs {
  /** Finds them before the machine's own, and their libraries. */
  env: Readonly<Record<string, string>>;
  /** Path of a static one. */
  busybox: string;
}

const packages = ['docker.io', 'docker-registry', 'containerd', 'runc', 'busybox-static', 'debootstrap'];

/**
 * Unpacks the packages into the cache. They are not installed: that would start an Engine and a registry for the whole machine,
 * and could give other testbeds another containerd.
 * @throws RelaunchError
 */
export async function bringPrograms(cache: string, say: Say): Promise<Programs> {
  const root = join(cache, 'programs');
  await fillOnce(root, async (incoming) => {
    say(`fetching ${packages.join(', ')} with apt-get, once`);
    await timed(say, 'fetched and unpacked', () => unpackPackages(packages, incoming));
  });
  return programsIn(root);
}

function programsIn(root: string): Programs {
  const directories = ['usr/sbin', 'usr/bin', 'sbin', 'bin'].map((path) => join(root, path));
  const busybox = directories.map((each) => join(each, 'busybox')).find(existsSync);
  return {
    env: { ...unpackedEnv(root), DEBOOTSTRAP_DIR: join(root, 'usr/share/debootstrap') },
    busybox: busybox ?? join(root, 'bin/busybox'),
  };
}
