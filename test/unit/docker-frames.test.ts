import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, type Frame } from '../../activities/backends/docker/frames.ts';

const header = (stream: number, length: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(stream, 0);
  bytes.writeUInt32BE(length, 4);
  return bytes;
};
const encoded = ({ stream, bytes }: Frame): Buffer =>
  Buffer.concat([header(stream === 'stdout' ? 1 : 2, bytes.length), bytes]);

const frame: fc.Arbitrary<Frame> = fc.record({
  stream: fc.constantFrom('stdout', 'stderr'),
  bytes: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

test('frames come out as they went in, wherever their stream is cut', () => {
  fc.assert(
    fc.property(fc.array(frame), fc.infiniteStream(fc.integer({ min: 1, max: 50 })), (frames, sizes) => {
      const reader = new FrameReader();
      const read: Frame[] = [];
      let rest = Buffer.concat(frames.map(encoded));
      for (const size of sizes) {
        if (rest.length === 0) break;
        read.push(...reader.read(rest.subarray(0, size)));
        rest = rest.subarray(size);
      }
      expect(read.map(encoded)).toEqual(frames.map(encoded));
    }),
  );
});

test('a line whose length looks like the brace of an object is read by its header', () => {
  const bytes = Buffer.from('x'.repeat(0x7b));
  expect([...new FrameReader().read(encoded({ stream: 'stdout', bytes }))]).toEqual([{ stream: 'stdout', bytes }]);
});

test('what the engine says in between is an error, and so is what is no log', () => {
  const words = Buffer.from('error from daemon in stream: no such file\n');
  const said = Buffer.concat([header(3, words.length), words]);
  expect(() => [...new FrameReader().read(said)]).toThrow(/^error from daemon in stream: no such file$/);
  expect(() => [...new FrameReader().read(Buffer.from('plain text of a terminal\n'))]).toThrow('not the log');
});
