import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { z } from 'zod';

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });
const manifest = z.object({ mediaType: z.string(), config: descriptor, layers: z.array(descriptor) });

/** An image in a directory: its manifest, and its blobs in files named by their digests. */
export interface ImageFiles {
  /** Exactly these bytes have its digest. */
  manifest: Buffer;
  mediaType: string;
  blobs: { digest: string; file: string }[];
}

export async function readImage(directory: string): Promise<ImageFiles> {
  const bytes = await readFile(join(directory, 'manifest.json'));
  const { mediaType, config, layers } = manifest.parse(JSON.parse(bytes.toString()));
  const blobs = [config, ...layers].map(({ digest }) => ({ digest, file: join(directory, digest) }));
  return { manifest: bytes, mediaType, blobs };
}

/** Writes an image of one layer, that is `root`; `excluded` are tar's patterns. Times are kept: by them Python knows what it has compiled. */
export async function writeImage(
  directory: string,
  root: string,
  config: unknown,
  excluded: readonly string[] = [],
): Promise<void> {
  const tar = join(directory, 'layer.tar');
  const patterns = excluded.map((pattern) => `--exclude=${pattern}`);
  await execa('tar', ['--numeric-owner', '--sort=name', ...patterns, '-C', root, '-cf', tar, '.']);
  // Uncompressed: it only ever travels through this machine.
  const layer = await asBlob(directory, 'application/vnd.oci.image.layer.v1.tar', tar);
  const configFile = join(directory, 'config.json');
  await writeFile(
    configFile,
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }),
  );
  const written: z.infer<typeof manifest> & { schemaVersion: 2 } = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: await asBlob(directory, 'application/vnd.oci.image.config.v1+json', configFile),
    layers: [layer],
  };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(written));
}

async function asBlob(directory: string, mediaType: string, file: string): Promise<z.infer<typeof descriptor>> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const digest = `sha256:${hash.digest('hex')}`;
  await rename(file, join(directory, digest));
  return { mediaType, digest, size: (await stat(join(directory, digest))).size };
}
