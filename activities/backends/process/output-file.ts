import { open, stat } from 'node:fs/promises';
import { emptyFile } from './empty-file.ts';
import { unlessMissing } from './files.ts';

const mebibyte = 1024 * 1024;

/** Read at one time: small enough that the other stream, and whoever wants to stop us, has its turn. */
const chunkBytes = 256 * 1024;
/** How far a reader may be behind before it goes on near the end. */
const farBehind = 64 * mebibyte;
/** What is kept of what is passed over. */
const keptBytes = mebibyte;
/** A file that was read to its end is emptied above this size, */
const emptiedWhenRead = 64 * mebibyte;
/** and one that is written faster than it can be read above this one. */
const emptiedAnyway = 256 * mebibyte;

/** A file that a job appends to, and how far it was read. */
export interface OutputFile {
  /** Behind the last byte that was taken. Starts again at 0 when the file was emptied. */
  readonly offset: number;
  /** What was not taken yet, and whether it reaches to the end of the file; undefined: nothing new since the last time, or, where `again` is asked for, nothing at all. */
  next(again: boolean): Promise<{ chunk: Buffer; toEnd: boolean } | undefined>;
  /** So many bytes of the last chunk need not be read again. */
  take(bytes: number): void;
  /** Passes over what a reader could never catch up with. Answers the number of bytes. */
  skip(): Promise<number>;
  /** Empties a file that has grown too large. `safe`: all that was taken is kept elsewhere. Answers the number of bytes passed over. */
  shrink(safe: boolean): Promise<number>;
}

/** Opens an output file at an offset from an earlier reading. It need not be there yet. */
export function outputFile(path: string, from: number): OutputFile {
  let offset = from;
  let seen = -1;
  /** Behind what the last skip kept: until there it is read before more is dropped. */
  let kept = 0;
  /** Comes before what the file has: its end before it was emptied. Lost with us. */
  let carried = Buffer.alloc(0);

  async function size(): Promise<number> {
    const bytes = (await unlessMissing(stat(path)))?.size ?? 0;
    if (bytes < offset) startAgain();
    return bytes;
  }

  function startAgain(): void {
    offset = 0;
    seen = -1;
    kept = 0;
  }

  return {
    get offset() {
      return offset;
    },

    async next(again) {
      const bytes = await size();
      const unread = carried.length + bytes - offset;
      if (unread === 0 || (bytes === seen && !again)) return undefined;
      const first = carried.subarray(0, chunkBytes);
      const rest = await readAt(path, offset, Math.min(bytes - offset, chunkBytes - first.length));
      const chunk = Buffer.concat([first, rest]);
      const toEnd = chunk.length >= unread;
      seen = toEnd ? bytes : -1;
      return { chunk, toEnd };
    },

    take(bytes) {
      const fromCarried = Math.min(bytes, carried.length);
      carried = carried.subarray(fromCarried);
      offset += bytes - fromCarried;
    },

    async skip() {
      const bytes = await size();
      if (bytes - offset <= farBehind || offset < kept) return 0;
      const skipped = carried.length + bytes - keptBytes - offset;
      carried = Buffer.alloc(0);
      offset = bytes - keptBytes;
      kept = bytes;
      return skipped;
    },

    async shrink(safe) {
      const bytes = await size();
      const wasRead = safe && carried.length === 0 && bytes === offset && bytes > emptiedWhenRead;
      if (!wasRead && (bytes <= emptiedAnyway || offset < kept)) return 0;
      const { passed, end } = emptyFile(path, offset, keptBytes);
      const unread = carried.length + passed;
      carried = Buffer.concat([carried, end]).subarray(-keptBytes);
      startAgain();
      return unread - carried.length;
    },
  };
}

async function readAt(path: string, offset: number, bytes: number): Promise<Buffer> {
  const file = bytes > 0 ? await unlessMissing(open(path, 'r')) : undefined;
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
