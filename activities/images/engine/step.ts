import { quoted } from '../registry/failures.ts';
import type { Timestamp, VertexLog, VertexStatus } from './buildkit-messages.ts';
import { StepOutput } from './step-output.ts';

/** A line about a step, and the step's name. */
export interface ProgressLine {
  number: number;
  step: string;
  m: string;
}

/** So many of its last lines are kept. */
const mostLastLines = 10;
/** A part that takes long is told about so often. */
const partsEveryMs = 5_000;

/** One step of a build: what is said about it, and what of that is kept. */
export class Step {
  readonly name: string;
  readonly #number: number;
  readonly #masked: (text: string) => string;
  readonly #outputs = new Map<number, StepOutput>();
  /** When parts were told about; infinity: for the last time. */
  readonly #parts = new Map<string, number>();
  #startedMs: number | undefined;
  #writtenMs = 0;
  #error = '';
  #ended = '';
  #lastLines: string[] = [];

  constructor(number: number, name: string, masked: (text: string) => string) {
    this.#number = number;
    this.name = quoted(masked(name));
    this.#masked = masked;
  }

  /** What it says of its failure; empty: none. */
  get error(): string {
    return this.#error;
  }

  /** Steps that are called off because of another one have not. */
  get hasFailed(): boolean {
    return this.#error !== '' && !this.#error.endsWith('context canceled');
  }

  /** Of what it wrote. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Those that look for a thing, and fetch it later, begin and end twice. */
  begin(started: Timestamp): ProgressLine[] {
    const isFirst = this.#startedMs === undefined;
    this.#startedMs = msOf(started);
    return isFirst ? [this.#says(this.name)] : [];
  }

  part({ id, current, total, timestamp, started, completed }: VertexStatus): ProgressLine[] {
    const nowMs = timestamp === null ? 0 : msOf(timestamp);
    if (nowMs - (this.#parts.get(id) ?? -Infinity) < (completed === null ? partsEveryMs : 0)) return [];
    this.#parts.set(id, completed === null ? nowMs : Infinity);
    const bytes = total > 0 ? ` ${sizeOf(current)} / ${sizeOf(total)}` : current > 0 ? ` ${sizeOf(current)}` : '';
    const tookMs = (completed === null ? nowMs : msOf(completed)) - (started === null ? nowMs : msOf(started));
    const time = tookMs > 10 ? ` ${secondsOf(tookMs)}` : '';
    return [this.#says(`${quoted(id)}${bytes}${time}${completed === null ? '' : ' done'}`)];
  }

  write({ stream, msg, timestamp }: VertexLog): ProgressLine[] {
    if (timestamp !== null) this.#writtenMs = msOf(timestamp);
    const output = this.#outputs.get(stream) ?? new StepOutput();
    this.#outputs.set(stream, output);
    return this.#wrote(output.take(msg));
  }

  end(completed: Timestamp, { cached, error }: { cached: boolean; error: string }): ProgressLine[] {
    this.#error = this.#masked(error);
    const lines = [...this.#outputs.values()].flatMap((output) => this.#wrote(output.end()));
    const ending = this.#ending(cached, msOf(completed) - (this.#startedMs ?? 0));
    if (ending === this.#ended) return lines;
    this.#ended = ending;
    return [...lines, this.#says(ending)];
  }

  #ending(cached: boolean, tookMs: number): string {
    if (this.hasFailed) return `ERROR: ${quoted(this.#error)}`;
    if (this.#error !== '') return 'CANCELED';
    return cached ? 'CACHED' : `DONE ${secondsOf(tookMs)}`;
  }

  #wrote(written: readonly string[]): ProgressLine[] {
    const lines = written.map(this.#masked);
    this.#lastLines = [...this.#lastLines, ...lines.filter((line) => line.trim() !== '')].slice(-mostLastLines);
    const seconds = Math.max(0, this.#writtenMs - (this.#startedMs ?? 0)) / 1_000;
    return lines.map((line) => this.#says(`${seconds.toFixed(3).slice(0, 5)} ${line}`));
  }

  #says(text: string): ProgressLine {
    return { number: this.#number, step: this.name, m: `#${String(this.#number)} ${text}` };
  }
}

const msOf = ({ seconds, nanos }: Timestamp): number => seconds * 1_000 + nanos / 1_000_000;

const secondsOf = (ms: number): string => `${(ms / 1_000).toFixed(1)}s`;

function sizeOf(bytes: number): string {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return power === 0 ? `${String(bytes)}B` : `${(bytes / 1_000 ** power).toFixed(2)}${'kMGT'.charAt(power - 1)}B`;
}
