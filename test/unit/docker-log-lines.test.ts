import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobLine } from '../../activities/backends/backend.ts';
import type { Frame } from '../../activities/backends/docker/frames.ts';
import { cursorOf, sinceOf, type LogCursor } from '../../activities/backends/docker/log-cursor.ts';
import { LogLines } from '../../activities/backends/docker/log-lines.ts';

const timeAt = (nanos: number): string => `2026-01-02T03:04:${(5 + nanos / 1e9).toFixed(9).padStart(12, '0')}Z`;
const frameAt = (nanos: number, stream: Frame['stream'], text: string): Frame & { nanos: number } => ({
  nanos,
  stream,
  bytes: Buffer.from(`${timeAt(nanos)} ${text}`),
});

interface Read {
  line: JobLine;
  cursor: LogCursor;
}

/** All lines of a log from a cursor on, as the engine would give its frames: not those from before `since`. */
function readFrom(log: readonly (Frame & { nanos: number })[], cursor: LogCursor): Read[] {
  const lines = new LogLines(cursor);
  const since = Number(sinceOf(cursor) ?? 0) * 1_000;
  const given = log.filter(({ nanos }) => Date.parse(timeAt(nanos)) >= since);
  return [...given.flatMap((frame) => [...lines.take(frame)]), ...lines.rest()];
}

const textsOf = (read: readonly Read[]): string[] => read.map(({ line }) => `${line.s} ${line.m}`);

describe('lines', () => {
  test.each([
    ['of both streams', [frameAt(1, 'stdout', 'a\n'), frameAt(2, 'stderr', 'b\n')], ['stdout a', 'stderr b']],
    ['without their ends', [frameAt(1, 'stdout', 'a\r\n'), frameAt(2, 'stdout', '\n')], ['stdout a', 'stdout ']],
    [
      'in parts, with others in between',
      [frameAt(1, 'stdout', 'long '), frameAt(2, 'stderr', 'b\n'), frameAt(1, 'stdout', 'line\n')],
      ['stderr b', 'stdout long line'],
    ],
    ['that never end', [frameAt(1, 'stdout', 'a\n'), frameAt(2, 'stdout', 'unended')], ['stdout a', 'stdout unended']],
  ])('%s', (_, log, texts) => {
    expect(textsOf(readFrom(log, {}))).toEqual(texts);
  });

  test('that are longer than 64 KiB come in pieces, each of whole characters', () => {
    const parts = Array.from({ length: 9 }, (_, i) =>
      Buffer.from('€'.repeat(50_000)).subarray(i * 16_384, (i + 1) * 16_384),
    );
    const log = parts.map((part) => ({
      nanos: 1,
      stream: 'stdout' as const,
      bytes: Buffer.concat([Buffer.from(`${timeAt(1)} `), part]),
    }));
    const read = readFrom([...log, frameAt(1, 'stdout', '!\n')], {});
    expect(read.map(({ line }) => line.m).join('')).toBe(`${'€'.repeat(Math.floor((9 * 16_384) / 3))}!`);
    expect(read.length).toBeGreaterThan(2);
    for (const { line } of read) expect(Buffer.byteLength(line.m)).toBeLessThanOrEqual(65_536);
  });
});

/** Frames of two streams: in order in each of them, mixed up by less than the skew between them; many at the same time, some in parts. */
const someLog = fc
  .array(
    fc.record({
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      step: fc.constantFrom(0, 0, 1, 1_000, 900_000_000),
      ends: fc.boolean(),
      late: fc.constantFrom(0, 1_000_000_000),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let now = 3_000_000_000;
    const last = { stdout: 0, stderr: 0 };
    return steps.map(({ stream, step, ends, late }, i) => {
      now += step;
      const nanos = Math.max(last[stream], now - late);
      last[stream] = nanos;
      return frameAt(nanos, stream, `${String(i)}${ends ? '\n' : ' '}`);
    });
  });

describe('a log that is read again from any line on', () => {
  test('loses and doubles nothing', () => {
    fc.assert(
      fc.property(someLog, fc.nat(), (log, at) => {
        const whole = readFrom(log, {});
        fc.pre(whole.length > 0);
        const kept = whole.slice(0, at % (whole.length + 1));
        const rest = readFrom(log, cursorOf(JSON.stringify(kept.at(-1)?.cursor)));
        expect(textsOf([...kept, ...rest]).toSorted()).toEqual(textsOf(whole).toSorted());
        for (const stream of ['stdout', 'stderr']) {
          const of = (read: readonly Read[]): string[] => textsOf(read).filter((text) => text.startsWith(stream));
          expect(of([...kept, ...rest])).toEqual(of(whole));
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each(['', 'junk', '{"stdout":{"t":1}}', '{"o":1,"e":2}'])('from its start, where the cursor is %j', (text) => {
    expect(readFrom([frameAt(1, 'stdout', 'a\n')], cursorOf(text))).toHaveLength(1);
  });
});
