import { createReadStream, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { ContextEntry } from './context-entries.ts';

const smallBytes = 256 * 1_024;
/** So much is read before others get their turn. */
const atOnceBytes = 4 * smallBytes;

/**
 * Reads the files of a context, one after the other, each in pieces. A small one is one piece, and read at once: in the background
 * each would take ten times as long, and sources are many small files.
 */
export class FileContents {
  #sinceTurnBytes = 0;

  async *of({ content }: ContextEntry & { kind: 'file' }): AsyncGenerator<Uint8Array> {
    if (content instanceof Uint8Array) yield content;
    else if (content.sizeBytes > smallBytes) yield* createReadStream(content.absolute) as AsyncIterable<Buffer>;
    else {
      yield readFileSync(content.absolute);
      // Also an empty one takes its time.
      this.#sinceTurnBytes += content.sizeBytes + 1_024;
      if (this.#sinceTurnBytes < atOnceBytes) return;
      this.#sinceTurnBytes = 0;
      await setImmediate();
    }
  }
}
