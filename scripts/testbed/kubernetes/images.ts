import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { makeBusyboxRoot } from '../busybox.ts';
import type { Binaries } from './build.ts';
import { busybox } from './packages.ts';
import type { Place } from './place.ts';
import { filesOfPython, leftOutOfPython } from './python.ts';

export const pauseImage = 'relaunch.test/pause:1';
/** A shell and the usual tools, in /bin. */
export const busyboxImage = 'relaunch.test/busybox:1';
/** The same, and this machine's python3 with its standard library. */
export const pythonImage = 'relaunch.test/python:1';

/** A layer of a file system: the name of its file, uncompressed. */
interface Layer {
  tar: string;
  sha256: string;
}

/** Makes the images from what is on this machine, and gives them to containerd. Once. */
export async function importImages(place: Place, { pause }: Binaries): Promise<void> {
  const directory = join(place.nodeDir, 'images');
  const done = join(directory, 'imported');
  if (existsSync(done)) return;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const pauseLayer = await layerOf(directory, 'pause', await pauseRoot(directory, pause));
  const shell = await layerOf(directory, 'busybox', await busyboxRoot(directory));
  const interpreter = await layerOf(directory, 'python', await pythonArguments());
  const give = async (name: string, layers: readonly Layer[], config: unknown): Promise<void> => {
    const archive = await archiveOf(directory, name, layers, config);
    await execa('ctr', ['--address', place.containerdSocket, '--namespace', 'k8s.io', 'images', 'import', archive]);
    await rm(archive);
  };
  await give(pauseImage, [pauseLayer], { Entrypoint: ['/pause'] });
  await give(busyboxImage, [shell], { Env: ['PATH=/bin'], Cmd: ['sh'] });
  await give(pythonImage, [shell, interpreter], { Env: ['PATH=/usr/bin:/bin'], Cmd: ['python3'] });
  for (const { tar } of [pauseLayer, shell, interpreter]) await rm(join(directory, tar));
  await writeFile(done, '');
}

async function pauseRoot(directory: string, pause: string): Promise<string[]> {
  const root = join(directory, 'pause');
  await mkdir(root);
  await copyFile(pause, join(root, 'pause'));
  return staged(root);
}

async function busyboxRoot(directory: string): Promise<string[]> {
  const root = join(directory, 'busybox');
  await makeBusyboxRoot(root, busybox);
  return staged(root);
}

/** Without times: an image is then the same wherever it is made. */
const staged = (root: string): string[] => ['--mtime=@0', '-C', root, '.'];

async function pythonArguments(): Promise<string[]> {
  const files = await filesOfPython();
  // Links become what they name: the library's point to where the image has nothing.
  const excluded = leftOutOfPython.map((name) => `--exclude=*/python3*/${name}`);
  return ['--dereference', ...excluded, '--exclude=*/config-*', '-C', '/', ...files.map((file) => file.slice(1))];
}

async function layerOf(directory: string, name: string, what: readonly string[]): Promise<Layer> {
  const file = join(directory, `${name}.tar`);
  await execa('tar', ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', '-cf', file, ...what]);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { tar: `${name}.tar`, sha256: hash.digest('hex') };
}

/** An archive as `docker save` writes it, in the old way, which needs no digest of anything but the layers. */
async function archiveOf(directory: string, name: string, layers: readonly Layer[], config: unknown): Promise<string> {
  const archive = join(directory, 'image.tar');
  const tars = layers.map(({ tar }) => tar);
  await writeFile(
    join(directory, 'config.json'),
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
    }),
  );
  await writeFile(
    join(directory, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: tars }]),
  );
  await execa('tar', ['-C', directory, '-cf', archive, 'manifest.json', 'config.json', ...tars]);
  return archive;
}
