import { StringDecoder } from 'node:string_decoder';

/** Of a line that never ends so much is kept: it has to fit into memory. */
const longestLine = 1_024 * 1_024;

/**
 * The lines of a stream, without their newlines; of one that is longer than `longest` characters its beginning. Returns what came after the last
 * newline: a stream may end in the middle of a line.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  longest = longestLine,
): AsyncGenerator<string, string, undefined> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let isCut = false;
  const add = (text: string): void => {
    if (isCut) return;
    line += text;
    isCut = line.length > longest;
    if (isCut) line = beginning(line, longest);
  };
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.write(Buffer.from(chunk)).split('\n');
    add(first);
    for (const text of others) {
      yield line;
      [line, isCut] = ['', false];
      add(text);
    }
  }
  add(decoder.end());
  return line;
}

/** Not cut within a character: half of one does not survive in UTF-8. */
function beginning(text: string, longest: number): string {
  return /[\ud800-\udbff]/.test(text.charAt(longest - 1)) ? text.slice(0, longest - 1) : text.slice(0, longest);
}
