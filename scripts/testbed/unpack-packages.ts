import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { aptInstall } from './apt.ts';

const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/** Unpacks packages of Debian, and those that they need and that are not installed, into a directory. None is installed. @throws RelaunchError */
export async function unpackPackages(packages: readonly string[], root: string): Promise<void> {
  const archives = join(root, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await aptInstall(packages, '--download-only', '--reinstall', '-o', `Dir::Cache::archives=${archives}`);
  for (const name of (await readdir(archives)).filter((each) => each.endsWith('.deb')))
    await execa('dpkg-deb', ['--extract', join(archives, name), root]);
  await rm(archives, { recursive: true });
}

/** Finds what was unpacked there before the machine's own. */
export function unpackedEnv(root: string): { PATH: string; LD_LIBRARY_PATH: string } {
  const below = (...paths: string[]): string[] => paths.map((path) => join(root, path));
  return {
    PATH: [...below('usr/sbin', 'usr/bin', 'sbin', 'bin'), process.env['PATH']].join(':'),
    LD_LIBRARY_PATH: below(`usr/lib/${triplet}`, `lib/${triplet}`).join(':'),
  };
}
