/** The longest line in bytes: longer ones, also those that never end, are cut into pieces of it. */
export const longestLine = 64 * 1024;

/** A line without its end, and how many bytes it takes with it. */
export interface TakenLine {
  text: string;
  bytes: number;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
/** With a line's end behind it, a longest line is still whole. */
const undecided = longestLine + '\r\n'.length;

/**
 * The lines that a chunk begins with, and nothing of the rest, unless it is `last`. How lines are cut depends on the bytes alone, not on
 * where chunks end, so that a second reader finds the same ones. Invalid UTF-8 becomes U+FFFD.
 */
export function* takeLines(chunk: Buffer, last: boolean): Generator<TakenLine> {
  for (let start = 0; start < chunk.length;) {
    const end = chunk.subarray(start, start + undecided).indexOf(newline);
    const left = chunk.length - start;
    if (end === -1 && left < undecided && !last) return;
    const content = end === -1 ? Math.min(left, wholeCharacters(chunk, start, longestLine)) : end;
    const kept = withoutReturn(chunk, start, content, end !== -1);
    if (kept > longestLine) {
      const cut = wholeCharacters(chunk, start, longestLine);
      yield { text: chunk.toString('utf8', start, start + cut), bytes: cut };
      start += cut;
      continue;
    }
    const bytes = end === -1 ? content : end + 1;
    yield { text: chunk.toString('utf8', start, start + kept), bytes };
    start += bytes;
  }
}

function withoutReturn(chunk: Buffer, start: number, length: number, ended: boolean): number {
  return ended && length > 0 && chunk[start + length - 1] === carriageReturn ? length - 1 : length;
}

/** At most `length` bytes from `start`, not ending inside a UTF-8 character. */
function wholeCharacters(chunk: Buffer, start: number, length: number): number {
  for (let cut = length; cut > length - 4; cut--) {
    const next = chunk[start + cut];
    if (next === undefined || (next & 0xc0) !== 0x80) return cut;
  }
  return length;
}
