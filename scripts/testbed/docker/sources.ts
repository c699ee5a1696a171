import type { Hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { unavailable } from '../unavailable.ts';

/** Where this machine gets its packages of Debian, and its images, too. */
export interface Sources {
  mirror: string;
  /** The release's name, like `bookworm`. */
  suite: string;
  /** A sources.list. */
  list: string;
}

const directory = '/etc/apt/sources.list.d';

/** Everything on which they depend, for less than apt takes to think about it. */
export async function hashSources(hash: Hash): Promise<void> {
  const more = (await readdir(directory).catch(() => [])).sort();
  for (const file of ['/etc/debian_version', '/etc/apt/sources.list', ...more.map((name) => join(directory, name))])
    hash.update(`\0${file}\0`).update(await readFile(file).catch(() => ''));
}

const fields = ['REPO_URI', 'RELEASE', 'CODENAME', 'COMPONENT', 'ORIGIN'];

/** @throws RelaunchError where apt knows no Debian */
export async function sourcesOfMachine(): Promise<Sources> {
  const found = await look();
  if (found !== undefined) return found;
  await execa('apt-get', ['update'], { stdin: 'ignore' });
  const second = await look();
  if (second !== undefined) return second;
  throw unavailable('the Docker testbed makes its images from the Debian that apt knows, and here it knows none.');
}

async function look(): Promise<Sources | undefined> {
  const format = fields.map((field) => `$(${field})`).join('|');
  const { stdout } = await execa('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const all = stdout.split('\n').map((line) => line.split('|'));
  const targets = all.filter(([, , , component, origin]) => component === 'main' && origin === 'Debian');
  // Updates and security have a name with a dash.
  const [mirror, , suite] = targets.find(([, , codename = '']) => /^[a-z]+$/.test(codename)) ?? [];
  if (mirror === undefined || suite === undefined) return undefined;
  return { mirror, suite, list: targets.map(([uri = '', release = '']) => `deb ${uri} ${release} main\n`).join('') };
}
