/** One piece of what the engine has of a container's output: a line, or a part of a long one. */
export interface Frame {
  stream: 'stdout' | 'stderr';
  bytes: Buffer;
}

const headerBytes = 8;
const names = ['stdin', 'stdout', 'stderr', 'engine'] as const;

/**
 * Takes the streams of a container apart again, which come as one: before each piece a byte for its stream, three zeros and its length.
 * @see https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerAttach
 */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that a chunk completes. @throws Error where the engine breaks in with a sentence of its own, or this is no such stream */
  *read(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (this.#rest.length < headerBytes) return;
      const stream = names[this.#rest.readUInt8(0)];
      if (stream === undefined || this.#rest.readUIntBE(1, 3) !== 0)
        throw new Error('it is not the log of a container');
      const end = headerBytes + this.#rest.readUInt32BE(4);
      if (this.#rest.length < end) return;
      const bytes = this.#rest.subarray(headerBytes, end);
      this.#rest = this.#rest.subarray(end);
      if (stream === 'engine') throw new Error(bytes.toString().trim());
      if (stream !== 'stdin') yield { stream, bytes };
    }
  }
}
