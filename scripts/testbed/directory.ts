import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { unmountBelow } from './mounts.ts';

/** Fills a directory of a cache, once: it appears when it is complete. What an interrupted `fill` left is removed. */
export async function fillOnce(directory: string, fill: (incoming: string) => Promise<void>): Promise<void> {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  const prefix = `.incoming-${basename(directory)}-`;
  await mkdir(parent, { recursive: true });
  for (const left of (await readdir(parent)).filter((name) => name.startsWith(prefix)))
    await discard(join(parent, left));
  const incoming = await mkdtemp(join(parent, prefix));
  try {
    await fill(incoming);
    await rename(incoming, directory);
  } finally {
    await discard(incoming);
  }
}

async function discard(directory: string): Promise<void> {
  // A removal must never reach into a mount.
  if ((await unmountBelow(directory)).length === 0) await rm(directory, { recursive: true, force: true });
}
