import type { JobLine } from '../backend.ts';
import type { Frame } from './frames.ts';
import type { LogCursor, Place } from './log-cursor.ts';

/** The longest line in bytes: longer ones are cut into pieces. The engine itself hands them over in parts of 16 KiB. */
const longestLine = 64 * 1_024;

interface Part {
  text: Buffer;
  place: Place;
}

interface Stream {
  /** Of what was taken in earlier readings. */
  known: Place | undefined;
  /** Of the last piece that was read. */
  read: Place | undefined;
  /** The beginning of a line whose end is still to come. */
  parts: Part[];
}

/** Makes lines of one reading of a log that goes on where the cursor says. Answers each with the cursor behind it. */
export class LogLines {
  readonly #streams: Record<Frame['stream'], Stream>;
  #cursor: LogCursor;

  constructor(cursor: LogCursor) {
    this.#cursor = cursor;
    this.#streams = {
      stdout: { known: cursor.stdout, read: undefined, parts: [] },
      stderr: { known: cursor.stderr, read: undefined, parts: [] },
    };
  }

  /** The lines that a frame completes, none where it was taken before. */
  *take({ stream, bytes }: Frame): Generator<{ line: JobLine; cursor: LogCursor }> {
    const split = splitTime(bytes);
    if (split === undefined) return;
    const { t, text } = split;
    const own = this.#streams[stream];
    const place = { t, n: own.read?.t === t ? own.read.n + 1 : 1 };
    own.read = place;
    if (own.known !== undefined && isKnown(place, own.known)) return;
    const before = own.parts.reduce((sum, part) => sum + part.text.length, 0);
    if (before > 0 && before + withoutEnd(text).length > longestLine) yield* this.#cut(stream);
    own.parts.push({ text, place });
    if (text.at(-1) === newline) yield this.#line(stream, own.parts.splice(0));
  }

  /** What has no end, at the end of all. */
  *rest(): Generator<{ line: JobLine; cursor: LogCursor }> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const parts = this.#streams[stream].parts.splice(0);
      if (parts.length > 0) yield this.#line(stream, parts);
    }
  }

  /** Hands on as much of a long line as does not end inside a character, else all that there is. */
  *#cut(stream: Frame['stream']): Generator<{ line: JobLine; cursor: LogCursor }> {
    const { parts } = this.#streams[stream];
    const whole = parts.findLastIndex(({ text }) => endsWhole(text)) + 1;
    yield this.#line(stream, parts.splice(0, whole || parts.length));
  }

  #line(stream: Frame['stream'], parts: readonly Part[]): { line: JobLine; cursor: LogCursor } {
    const [first, last] = [parts[0], parts.at(-1)];
    if (first === undefined || last === undefined) throw new TypeError('a line has parts');
    const pending = Object.values(this.#streams).flatMap((one) => one.parts.map(({ place }) => place.t));
    const since = [last.place.t, ...pending].toSorted()[0];
    this.#cursor = { ...this.#cursor, ...(since === undefined ? {} : { since }), [stream]: last.place };
    const m = withoutEnd(Buffer.concat(parts.map(({ text }) => text))).toString();
    return { line: { t: first.place.t, s: stream, m }, cursor: this.#cursor };
  }
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/** `2026-01-02T03:04:05.123456789Z text`, always with nine digits: such times compare as texts. */
function splitTime(bytes: Buffer): { t: string; text: Buffer } | undefined {
  const space = bytes.indexOf(' ');
  const t = bytes.toString('latin1', 0, Math.max(space, 0));
  return /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z$/.test(t) ? { t, text: bytes.subarray(space + 1) } : undefined;
}

const isKnown = (place: Place, known: Place): boolean =>
  place.t < known.t || (place.t === known.t && place.n <= known.n);

function withoutEnd(text: Buffer): Buffer {
  if (text.at(-1) !== newline) return text;
  return text.subarray(0, text.at(-2) === carriageReturn ? -2 : -1);
}

/** Whether the last character of UTF-8 is there as a whole. */
function endsWhole(text: Buffer): boolean {
  for (let back = 1; back <= Math.min(4, text.length); back++) {
    const byte = text.at(-back) ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length === back;
  }
  return true;
}
