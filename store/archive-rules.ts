import { dirname } from 'node:path/posix';

/** Files and links in one archive, at most. */
export const mostEntries = 100_000;

/** More than packers come across; with what it is unpacked below, still a path that file systems take. */
const mostPathBytes = 2_048;
/** What file systems take. */
const mostNameBytes = 255;

/**
 * Whether a symbolic link at `path` (relative, no links above it) can only lead to places inside the tree, however other links of the
 * tree are made: it goes up no further than the root, and never up again after it went down, where a link may be in between. One that
 * is too long for file systems leads nowhere.
 */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || /[\\\0]/.test(target)) return false;
  if (Buffer.byteLength(target) > mostPathBytes) return false;
  const parent = dirname(path);
  let depth = parent === '.' ? 0 : parent.split('/').length;
  let down = false;
  for (const segment of target.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') down = true;
    else if (down || --depth < 0) return false;
  }
  return true;
}

/**
 * Why a path cannot be in an archive; undefined: it can. U+FFFD stands for bytes that were no UTF-8, which would come back as another name.
 */
export function wrongPath(path: string): string | undefined {
  if (path.startsWith('/')) return 'it is absolute';
  if (/[\\\0]/.test(path)) return 'it contains a backslash or a NUL character';
  if (path.includes('\ufffd')) return 'it is not UTF-8';
  if (Buffer.byteLength(path) > mostPathBytes) return `it is longer than ${String(mostPathBytes)} bytes`;
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'it has an empty segment, "." or ".."';
  }
  if (segments.some((segment) => Buffer.byteLength(segment) > mostNameBytes))
    return `a part of it is longer than ${String(mostNameBytes)} bytes`;
  return undefined;
}

/** Why a symbolic link at `path` must not be packed; undefined where it may. `shown`: how its target is to stand in a sentence. */
export function wrongTarget(path: string, target: string, shown = target): string | undefined {
  if (target.includes('\ufffd')) return 'its target is not UTF-8';
  if (Buffer.byteLength(target) > mostPathBytes) return `its target is longer than ${String(mostPathBytes)} bytes`;
  return staysInside(path, target) ? undefined : `it is a symbolic link out of the directory, to ${shown}`;
}
