import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import walk from 'ignore-walk';
import { RelaunchError } from '../contracts/failures.ts';
import { mostEntries, wrongPath } from './archive-rules.ts';
import { systemReason } from './system-errors.ts';

/** A file or symbolic link that is to be packed, as it was found. */
export interface CodeFile {
  /** Relative to the root, with `/`. */
  path: string;
  absolute: string;
  isLink: boolean;
  sizeBytes: number;
  /** Changes when the file does. */
  version: string;
}

const ignoreFiles = ['.gitignore', '.relaunchignore'];

class CodeWalker extends walk.Walker {
  override filterEntry(entry: string, partial: boolean): boolean {
    return entry !== '.git' && super.filterEntry(entry, partial);
  }

  override walker(entry: string, options: walk.WalkerOptions, then: () => void): void {
    new CodeWalker(this.walkerOpt(entry, options)).on('done', then).start();
  }
}

/**
 * The files of a directory that `.gitignore` and `.relaunchignore`, in it and below, do not leave out, without `.git`; sorted by code
 * unit. @throws RelaunchError LaunchRejected naming the file that cannot be packed
 */
export async function codeFiles(directory: string): Promise<CodeFile[]> {
  const paths = await walkCode(directory);
  if (paths.length > mostEntries) {
    throw new RelaunchError(
      'LaunchRejected',
      `${directory} has ${String(paths.length)} files, at most ${String(mostEntries)} can be packed: leave some out in .relaunchignore`,
    );
  }
  const files: CodeFile[] = [];
  for (const path of paths) files.push(await codeFile(directory, path));
  return files;
}

async function walkCode(directory: string): Promise<string[]> {
  const found = new Promise<string[]>((resolve, reject) => {
    new CodeWalker({ path: directory, ignoreFiles }).on('done', resolve).on('error', reject).start();
  });
  try {
    return (await found).map((path) => path.replace(/^\.\/(?=@)/, '')).sort();
  } catch (cause) {
    const path = (cause as NodeJS.ErrnoException).path ?? directory;
    const what = path.includes('\ufffd') ? 'its name is not UTF-8' : systemReason(cause);
    throw new RelaunchError('LaunchRejected', `${path} cannot be packed: ${what}`, { cause });
  }
}

async function codeFile(directory: string, path: string): Promise<CodeFile> {
  const wrong = wrongPath(path);
  if (wrong !== undefined) throw notPacked(path, wrong);
  const absolute = join(directory, path);
  const stat = await lstat(absolute, { bigint: true }).catch((cause: unknown) => {
    throw notPacked(path, systemReason(cause), cause);
  });
  const isLink = stat.isSymbolicLink();
  if (!isLink && !stat.isFile()) throw notPacked(path, 'it is a socket, FIFO or device');
  return { path, absolute, isLink, sizeBytes: isLink ? 0 : Number(stat.size), version: versionOf(stat) };
}

/** The size of all files together, in bytes. `fix`: what can be done. @throws RelaunchError LaunchRejected naming the largest, if it is more than `maxBytes` */
export function checkSize(
  from: string,
  files: readonly Pick<CodeFile, 'path' | 'sizeBytes'>[],
  maxBytes: number,
  fix = 'Leave out what the job does not need in .relaunchignore',
): number {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (sizeBytes <= maxBytes) return sizeBytes;
  const largest = files.toSorted((a, b) => b.sizeBytes - a.sizeBytes).slice(0, 5);
  throw new RelaunchError(
    'LaunchRejected',
    `${from} has ${inMebibytes(sizeBytes)} of files, at most ${inMebibytes(maxBytes)} can be packed. The largest: ` +
      `${largest.map((file) => `${file.path} (${inMebibytes(file.sizeBytes)})`).join(', ')}. ${fix}`,
  );
}

export const inMebibytes = (bytes: number): string => `${(bytes / 1_024 ** 2).toFixed(1)} MiB`;

/** Tells one state of a file from the next. */
export function versionOf(stat: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
}

/** The refusal of one file. */
export function notPacked(path: string, reason: string, cause?: unknown): RelaunchError {
  return new RelaunchError(
    'LaunchRejected',
    `${path} cannot be packed: ${reason}. Leave it out in .relaunchignore, or change it`,
    { cause },
  );
}
