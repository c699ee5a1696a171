import type { Stats } from 'node:fs';
import { lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { RelaunchError } from '../../contracts/failures.ts';
import type { FilePatches } from '../../contracts/job-inputs.ts';
import type { JsonMap } from '../../contracts/merge-maps.ts';
import { patchedText } from './patched-text.ts';

const mostBytes = 1_024 ** 2;

/**
 * Changes files of a source that was unpacked where nobody else writes; their paths count from a directory in it. Links are not followed, and a
 * file that is not there is not made, as in W&B. @throws RelaunchError LaunchRejected with the file and why it cannot be patched
 */
export async function patchFiles(source: string, directory: string, patches: FilePatches): Promise<void> {
  for (const [path, patch] of Object.entries(patches)) {
    const refuse = (reason: string) => new RelaunchError('LaunchRejected', `files: ${path} ${reason}`);
    const inner = posix.join(directory, path);
    const { mode } = await fileAt(source, inner, refuse);
    const file = join(source, inner);
    const patched = textOf(await readFile(file, 'utf8'), path, patch, refuse);
    // What is read-only is not written into.
    await rm(file);
    await writeFile(file, patched, { mode: mode & 0o777, flag: 'wx' });
  }
}

type Refuse = (reason: string) => RelaunchError;

async function fileAt(source: string, path: string, refuse: Refuse): Promise<Stats> {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const part = end < 0 ? path : path.slice(0, end);
    const stats = await lstat(join(source, part)).catch(() => undefined);
    if (stats?.isSymbolicLink() === true) throw refuse(`is not patched: ${part} is a symbolic link`);
    if (end >= 0) continue;
    if (stats?.isFile() !== true) throw refuse('is not patched: there is no such file in the source');
    if (stats.size > mostBytes) throw refuse(`is not patched: it has ${String(stats.size)} bytes, at most 1 MiB`);
    return stats;
  }
}

function textOf(text: string, path: string, patch: JsonMap, refuse: Refuse): string {
  try {
    return patchedText(text, patch, path.endsWith('.json') ? 'json' : 'yaml');
  } catch (cause) {
    const reason = cause instanceof RangeError ? 'it is nested too deep' : (cause as Error).message;
    throw refuse(`is not patched: ${reason.slice(0, 300)}`);
  }
}
