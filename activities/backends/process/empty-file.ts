import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

/** Each look is shorter than the one before, as less was written meanwhile; a writer faster than that loses some bytes. */
const mostLooks = 10;

/**
 * Empties a file that others append to. Answers how many bytes stood behind `from`, and the last of them, at most `keep`.
 * Synchronous, so that nearly nothing is written between the last look and the end.
 */
export function emptyFile(path: string, from: number, keep: number): { passed: number; end: Buffer } {
  const file = openSync(path, 'r+');
  try {
    let at = from;
    let end = Buffer.alloc(0);
    for (let look = 0; look < mostLooks; look++) {
      const { size } = fstatSync(file);
      if (size <= at) break;
      const begin = Math.max(at, size - keep);
      const more = Buffer.alloc(size - begin);
      readSync(file, more, 0, more.length, begin);
      end = (begin > at ? more : Buffer.concat([end, more])).subarray(-keep);
      at = size;
    }
    ftruncateSync(file, 0);
    return { passed: at - from, end };
  } finally {
    closeSync(file);
  }
}
