import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { aptInstall } from '../apt.ts';
import { fillOnce } from '../directory.ts';
import { timed, type Say } from '../timed.ts';

/** What Debian's packages bring. */
export interface Programs {
  /** Finds them before the machine's own, and their libraries. */
  env: Readonly<Record<string, string>>;
  /** Path of a static one. */
  busybox: string;
}

const packages = ['docker.io', 'docker-registry', 'containerd', 'runc', 'busybox-static', 'debootstrap'];
const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/**
 * Unpacks the packages into the cache. They are not installed: that would start an Engine and a registry for the whole machine,
 * and could give other testbeds another containerd.
 * @throws RelaunchError
 */
export async function bringPrograms(cache: string, say: Say): Promise<Programs> {
  const root = join(cache, 'programs');
  await fillOnce(root, async (incoming) => {
    say(`fetching ${packages.join(', ')} with apt-get, once`);
    await timed(say, 'fetched and unpacked', () => unpackInto(incoming));
  });
  return programsIn(root);
}

async function unpackInto(root: string): Promise<void> {
  const archives = join(root, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await aptInstall(packages, '--download-only', '--reinstall', '-o', `Dir::Cache::archives=${archives}`);
  for (const name of (await readdir(archives)).filter((each) => each.endsWith('.deb')))
    await execa('dpkg-deb', ['--extract', join(archives, name), root]);
  await rm(archives, { recursive: true });
}

function programsIn(root: string): Programs {
  const below = (...paths: string[]): string[] => paths.map((path) => join(root, path));
  const directories = below('usr/sbin', 'usr/bin', 'sbin', 'bin');
  const busybox = directories.map((each) => join(each, 'busybox')).find(existsSync);
  return {
    env: {
      PATH: [...directories, process.env['PATH']].join(':'),
      LD_LIBRARY_PATH: below(`usr/lib/${triplet}`, `lib/${triplet}`).join(':'),
      DEBOOTSTRAP_DIR: join(root, 'usr/share/debootstrap'),
    },
    busybox: busybox ?? join(root, 'bin/busybox'),
  };
}
