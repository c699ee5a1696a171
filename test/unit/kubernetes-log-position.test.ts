import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesOf } from '../../activities/backends/kubernetes/lines-of.ts';
import {
  positionsOf,
  sinceTime,
  skewMs,
  splitLine,
  type LogPosition,
  type LogText,
} from '../../activities/backends/kubernetes/log-position.ts';
import { Resumption } from '../../activities/backends/kubernetes/resumption.ts';

const midnight = Date.parse('2026-03-01T00:00:00Z');

/** A line of a log, with its time in nanoseconds since midnight, as a runtime writes it. */
interface Written extends LogText {
  ns: number;
}

function written(ns: number, m: string): Written {
  const whole = new Date(midnight + Math.floor(ns / 1e9) * 1_000).toISOString().slice(0, 19);
  return { ns, m, t: `${whole}.${String(ns % 1e9).padStart(9, '0')}Z` };
}

/** A kubelet's answer: of a file, the lines from `since` on, by the second. */
const served = (file: readonly Written[], position: LogPosition | undefined): Written[] => {
  const sinceNs = position === undefined ? -Infinity : (Date.parse(sinceTime(position)) - midnight) * 1e6;
  return file.filter(({ ns }) => ns >= sinceNs);
};

/** Reads a file as a reader does whose connection is cut after so many lines, again and again; the last time to the end. */
function readWithCuts(fileAt: (request: number) => readonly Written[], cuts: readonly number[]): string[] {
  const out: string[] = [];
  let position: LogPosition | undefined;
  const take = (lines: ReturnType<Resumption['take']>): void => {
    for (const { line, position: behind } of lines) {
      position = behind;
      out.push(line.m);
    }
  };
  for (const [request, cut] of [...cuts, Infinity].entries()) {
    const resumption = new Resumption(position);
    for (const line of served(fileAt(request), position).slice(0, cut)) take(resumption.take(line));
    if (cut === Infinity) take(resumption.giveUp());
  }
  return out;
}

const texts = (lines: readonly Written[]): string[] => lines.map(({ m }) => m);

/** Steps of two streams that a runtime writes into one log: how far its clock goes on, and by how much a line is late, in nanoseconds. */
const steps = (stepNs: fc.Arbitrary<number>, lateNs: fc.Arbitrary<number>) =>
  fc.array(fc.record({ step: stepNs, late: lateNs }), { maxLength: 60 });

function logOf(made: readonly { step: number; late: number }[]): Written[] {
  let now = 3_600e9;
  return made.map(({ step, late }, i) => {
    now += step;
    return written(now - late, `line ${String(i)}`);
  });
}

const upTo = (seconds: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: seconds * 1e9 });
const skewed = steps(fc.oneof(upTo(0.001), upTo(1), upTo(10)), fc.oneof(fc.constant(0), upTo(skewMs / 1_000)));
const cuts = fc.array(fc.nat(70), { maxLength: 12 });

const distinct = (lines: readonly Written[]): boolean => new Set(lines.map(({ ns }) => ns)).size === lines.length;

describe('a log that is cut anywhere and read again', () => {
  test('comes out each line once, in its order, though its streams are late by up to two seconds', () => {
    fc.assert(
      fc.property(skewed.map(logOf).filter(distinct), cuts, (file, cut) => {
        expect(readWithCuts(() => file, cut)).toEqual(texts(file));
      }),
      { numRuns: 500 },
    );
  });

  test('comes out each line once where many have the same time', () => {
    const coarse = steps(fc.constantFrom(0, 0, 0, 1, 15e6, 1e9, 5e9), fc.constant(0));
    fc.assert(
      fc.property(coarse.map(logOf), cuts, (file, cut) => {
        expect(readWithCuts(() => file, cut)).toEqual(texts(file));
      }),
      { numRuns: 500 },
    );
  });

  // A position counts the lines of its time in a row, a resumption all of them.
  test('comes out each line once where lines of the same time stand apart', () => {
    const file = [written(1e9, 'a'), written(2e9, 'b'), written(1e9, 'c'), written(3e9, 'd')];
    expect(readWithCuts(() => file, [3])).toEqual(texts(file));
  });

  test('grows meanwhile, and still comes out each line once', () => {
    const growing = fc.array(fc.record({ cut: fc.nat(70), length: fc.nat(60) }), { maxLength: 12 });
    fc.assert(
      fc.property(skewed.map(logOf).filter(distinct), growing, (file, requests) => {
        const lengths = requests.map(({ length }) => length).toSorted((a, b) => a - b);
        const fileAt = (request: number) => file.slice(0, lengths[request] ?? file.length);
        expect(
          readWithCuts(
            fileAt,
            requests.map(({ cut }) => cut),
          ),
        ).toEqual(texts(file));
      }),
      { numRuns: 500 },
    );
  });

  test('is rotated away beneath its reader: nothing is doubled, and nothing of what is there is lost', () => {
    const rotating = fc.array(fc.record({ cut: fc.nat(30), gone: fc.nat(60) }), { maxLength: 12 });
    fc.assert(
      fc.property(skewed.map(logOf).filter(distinct), rotating, fc.nat(60), (file, requests, goneAtLast) => {
        const gone = [...requests.map((one) => one.gone), goneAtLast].toSorted((a, b) => a - b);
        const seen = readWithCuts(
          (request) => file.slice(gone[request]),
          requests.map(({ cut }) => cut),
        );
        const all = texts(file);
        const order = seen.map((m) => all.indexOf(m));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        expect(new Set(order).size).toBe(order.length);
        const next = (order.findLast((i) => i < (gone.at(-1) ?? 0)) ?? -1) + 1;
        const left = all.slice(Math.max(next, gone.at(-1) ?? 0));
        expect(seen.slice(seen.length - left.length)).toEqual(left);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a resumption', () => {
  const position = { t: '2026-03-01T01:00:00.000000002Z', n: 1 };
  const lines = [
    { t: '2026-03-01T01:00:00.000000001Z', m: 'before' },
    { t: '2026-03-01T01:00:00.000000002Z', m: 'last' },
    { t: '2026-03-01T01:00:00.000000003Z', m: 'new' },
  ];

  const taken = (some: ReturnType<Resumption['take']>): LogText[] => some.map(({ line }) => line);

  test('from the start holds nothing back', () => {
    const resumption = new Resumption(undefined);
    expect(resumption.searching).toBe(false);
    expect(lines.flatMap((line) => taken(resumption.take(line)))).toEqual(lines);
    expect(resumption.giveUp()).toEqual([]);
  });

  test('searches until the last line that was taken has come', () => {
    const resumption = new Resumption(position);
    const [before, last, next] = lines.map((line) => ({
      new: taken(resumption.take(line)),
      searching: resumption.searching,
    }));
    expect(before).toEqual({ new: [], searching: true });
    expect(last).toEqual({ new: [], searching: false });
    expect(next).toEqual({ new: [lines[2]], searching: false });
  });

  test('takes the lines within the skew for new as soon as one is beyond it', () => {
    const resumption = new Resumption(position);
    const within = { t: '2026-03-01T01:00:02.000Z', m: 'within' };
    const beyond = { t: '2026-03-01T01:00:02.001Z', m: 'beyond' };
    expect(resumption.take(within)).toEqual([]);
    expect(taken(resumption.take(beyond))).toEqual([within, beyond]);
    expect(resumption.searching).toBe(false);
  });

  test('that gives up tells what it held back, once', () => {
    const resumption = new Resumption({ t: '2026-03-01T01:00:00.9Z', n: 3 });
    expect(lines.flatMap((line) => resumption.take(line))).toEqual([]);
    expect(taken(resumption.giveUp())).toEqual(lines);
    expect(resumption.giveUp()).toEqual([]);
    expect(resumption.searching).toBe(false);
  });
});

describe('a line of a log', () => {
  test.each([
    ['2026-03-01T01:02:03.123456789Z hello', { t: '2026-03-01T01:02:03.123456789Z', m: 'hello' }],
    ['2026-03-01T01:02:03Z hello', { t: '2026-03-01T01:02:03Z', m: 'hello' }],
    ['2026-03-01T01:02:03.5+02:00 hello', { t: '2026-03-01T01:02:03.5+02:00', m: 'hello' }],
    ['2026-03-01T01:02:03Z ', { t: '2026-03-01T01:02:03Z', m: '' }],
    ['2026-03-01T01:02:03Z', { t: '2026-03-01T01:02:03Z', m: '' }],
    ['2026-03-01T01:02:03Z   indented', { t: '2026-03-01T01:02:03Z', m: '  indented' }],
    ['2026-03-01T01:02:03Z 2026-03-01T01:02:03Z x', { t: '2026-03-01T01:02:03Z', m: '2026-03-01T01:02:03Z x' }],
    ['2026-03-01T01:02:03Z 50%\r100%\r', { t: '2026-03-01T01:02:03Z', m: '50%\r100%\r' }],
    ['unable to retrieve container logs for containerd://0123', undefined],
    ['', undefined],
    [' 2026-03-01T01:02:03Z x', undefined],
    ['2026-03-01 01:02:03Z x', undefined],
    ['2026-03-01T01:02:03.1234567890Z x', undefined],
  ])('%j is %j', (text, expected) => {
    expect(splitLine(text)).toEqual(expected);
  });

  test.each([
    ['2026-03-01T00:00:00.000000001Z', '2026-02-28T23:59:58Z'],
    ['2026-03-01T01:02:03.999999999Z', '2026-03-01T01:02:01Z'],
    ['2026-03-01T01:02:03Z', '2026-03-01T01:02:01Z'],
    ['2026-03-01T01:02:03.5+02:00', '2026-02-28T23:02:01Z'],
  ])('at %s is read again from %s on, the skew before it in whole seconds', (t, since) => {
    expect(sinceTime({ t, n: 1 })).toBe(since);
  });

  test('is told apart from others of its time by their number', () => {
    const [a, b] = ['2026-03-01T01:02:03Z', '2026-03-01T01:02:04Z'];
    const resumption = new Resumption(undefined);
    const lines = [a, b, a].map((t) => ({ t, m: '' }));
    expect(lines.flatMap((line) => resumption.take(line)).map(({ position }) => position)).toEqual([
      { t: a, n: 1 },
      { t: b, n: 1 },
      { t: a, n: 2 },
    ]);
  });
});

test.each([
  ['none', undefined, {}],
  ['that of another backend', '4711', {}],
  ['text', 'what?', {}],
  ['null', 'null', {}],
  ['ours', '{"pod/main":{"t":"2026-03-01T01:02:03Z","n":2}}', { 'pod/main': { t: '2026-03-01T01:02:03Z', n: 2 } }],
])('of a cursor that is %s the positions are known', (_, cursor, expected) => {
  expect(positionsOf(cursor)).toEqual(expected);
});

/** The lines of a text that comes in pieces, and what is left at its end. */
async function linesIn(text: string, sizes: readonly number[], longest?: number): Promise<[string[], string]> {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? bytes.length);
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  const lines: string[] = [];
  const generator = linesOf(ReadableStream.from(chunks), longest);
  for (;;) {
    const { done, value } = await generator.next();
    if (done === true) return [lines, value];
    lines.push(value);
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
const words = fc.string({ unit: fc.constantFrom('a', '\n', 'ü', '€', '💥', '\r', ' '), maxLength: 60 });

describe('the lines of a stream', () => {
  test('are those of its text, wherever its pieces end, also within a character', async () => {
    await fc.assert(
      fc.asyncProperty(words, sizes, async (text, cut) => {
        const lines = text.split('\n');
        expect(await linesIn(text, cut)).toEqual([lines.slice(0, -1), lines.at(-1)]);
      }),
    );
  });

  test('may end in the middle of one, which is what is left', async () => {
    expect(await linesIn('one\ntwo', [7])).toEqual([['one'], 'two']);
    expect(await linesIn('one\ntwo\n', [3])).toEqual([['one', 'two'], '']);
    expect(await linesIn('', [])).toEqual([[], '']);
  });

  test('may end in the middle of a character, which is a replacement', async () => {
    const generator = linesOf(ReadableStream.from([Buffer.from('one\ntwo €').subarray(0, -1)]));
    expect(await generator.next()).toEqual({ done: false, value: 'one' });
    expect(await generator.next()).toEqual({ done: true, value: 'two \ufffd' });
  });

  test('have their beginning where they are too long for memory', async () => {
    await fc.assert(
      fc.asyncProperty(words, sizes, fc.integer({ min: 2, max: 12 }), async (text, cut, longest) => {
        const [lines, rest] = await linesIn(text, cut, longest);
        const pieces = [...lines, rest];
        const whole = text.split('\n');
        expect(pieces).toHaveLength(whole.length);
        for (const [i, piece] of pieces.entries()) {
          expect(whole[i]?.startsWith(piece)).toBe(true);
          expect(piece.length).toBeGreaterThanOrEqual(Math.min(whole[i]?.length ?? 0, longest - 1));
          expect(piece.length).toBeLessThanOrEqual(longest);
        }
      }),
    );
  });

  // Half a character does not survive in UTF-8.
  test('are not cut within a character', async () => {
    const [lines, rest] = await linesIn('a💥💥💥', [3], 2);
    expect([...lines, rest].every((piece) => piece.isWellFormed())).toBe(true);
  });
});
