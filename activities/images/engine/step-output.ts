import { takeLines } from '../../backends/process/lines.ts';

/** Makes lines of what a step writes, however it is cut. Of each it keeps no more than one line of the longest. */
export class StepOutput {
  #rest = Buffer.alloc(0);

  take(bytes: Uint8Array): string[] {
    return this.#lines(bytes, false);
  }

  /** What has come without an end. */
  end(): string[] {
    return this.#lines(Buffer.alloc(0), true);
  }

  #lines(bytes: Uint8Array, last: boolean): string[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const lines = [...takeLines(all, last)];
    this.#rest = all.subarray(lines.reduce((sum, line) => sum + line.bytes, 0));
    return lines.map(({ text }) => text);
  }
}
