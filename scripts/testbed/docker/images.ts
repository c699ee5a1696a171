import { createHash } from 'node:crypto';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { makeBusyboxRoot } from '../busybox.ts';
import { fillOnce } from '../directory.ts';
import { timed, type Say } from '../timed.ts';
import { unavailable } from '../unavailable.ts';
import { writeImage } from './image-files.ts';
import type { Programs } from './programs.ts';
import { hashSources, sourcesOfMachine, type Sources } from './sources.ts';

/** By the names that they have in the open registry. */
export const imageNames = {
  /** Debian with `python`, `python3` and `pip`, as the official images of Python have them. */
  python: 'base/python:3',
  /** Debian without Python, whose apt gets packages where this machine gets them. */
  debian: 'base/debian:1',
  /** A shell and the usual tools, in /bin; 2 MB. */
  busybox: 'base/busybox:1',
} as const;

export type ImageKey = keyof typeof imageNames;

/** Directories of images. */
export type Images = Record<ImageKey, string>;

/** In the next version of this file images may differ: then other numbers are here. */
const recipes = { python: 1, debian: 1, busybox: 1 };

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const settingsOfDebian = { Env: [`PATH=${path}`, 'LANG=C.UTF-8'], Cmd: ['bash'] };
const settingsOfPython = { Env: [`PATH=${path}`, 'LANG=C.UTF-8'], Cmd: ['python3'] };
const packagesOfPython = ['python3', 'python3-venv', 'python3-pip'];

/** What belongs to this machine, to the kernel, or to nobody; and the mark by which Debian's pip refuses to install for all. */
const excluded = [
  ...['./dev/*', './proc/*', './sys/*', './etc/hostname', './etc/resolv.conf'],
  ...['./var/cache/apt/*', './var/lib/apt/lists/*', './var/log/*', './usr/share/doc/*', './usr/share/locale/*'],
  './usr/lib/python3*/EXTERNALLY-MANAGED',
];

/** Makes the images that are not in the cache: once for each Debian and its sources. @throws RelaunchError */
export async function makeImages(cache: string, programs: Programs, say: Say): Promise<Images> {
  const hash = createHash('sha256').update(JSON.stringify([recipes, process.arch]));
  await hashSources(hash);
  const directory = join(cache, `images-${hash.digest('hex').slice(0, 12)}`);
  await fillOnce(directory, async (incoming) => {
    const sources = await sourcesOfMachine();
    say(`making images of Debian ${sources.suite}, once: a minute or two`);
    await timed(say, 'made all', async () => {
      await Promise.all([
        makeBusybox(join(incoming, 'busybox'), programs),
        makeDebian(join(incoming, 'debian'), programs, sources, [], settingsOfDebian),
        makeDebian(join(incoming, 'python'), programs, sources, packagesOfPython, settingsOfPython),
      ]);
    });
  });
  return { python: join(directory, 'python'), debian: join(directory, 'debian'), busybox: join(directory, 'busybox') };
}

async function makeBusybox(directory: string, { busybox }: Programs): Promise<void> {
  const root = join(directory, 'root');
  await makeBusyboxRoot(root, busybox);
  await writeImage(directory, root, { Env: ['PATH=/bin'], Cmd: ['sh'] });
  await rm(root, { recursive: true });
}

async function makeDebian(
  directory: string,
  { env }: Programs,
  { mirror, suite, list }: Sources,
  packages: readonly string[],
  settings: unknown,
): Promise<void> {
  const root = join(directory, 'root');
  await mkdir(root, { recursive: true });
  const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : [];
  try {
    await execa('debootstrap', ['--variant=minbase', ...include, suite, root, mirror], { env, stdin: 'ignore' });
  } catch (error) {
    const said = error instanceof ExecaError ? String(error.stdout).trim().split('\n').slice(-3).join('\n') : '';
    throw unavailable(`cannot make an image of Debian ${suite} from ${mirror}: ${said || String(error)}`, error);
  }
  await writeFile(join(root, 'etc/apt/sources.list'), list);
  if (packages.length > 0) await symlink('python3', join(root, 'usr/bin/python'));
  await writeImage(directory, root, settings, excluded);
  await rm(root, { recursive: true });
}
