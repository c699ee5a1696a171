import { StringDecoder } from 'node:string_decoder';

/** A line that never ends is cut here, so that it fits into memory. */
const longestLine = 1_024 * 1_024;

/** The lines of a stream, without their newlines. Returns what came after the last newline: a stream may end in the middle of a line. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  longest = longestLine,
): AsyncGenerator<string, string, undefined> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    for (; rest.length > longest; rest = rest.slice(longest)) yield rest.slice(0, longest);
  }
  return rest + decoder.end();
}
