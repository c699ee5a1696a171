import { mergeFirsts } from '../../contracts/merge-firsts.ts';
import type { FirstsSeen } from '../../contracts/records.ts';
import type { JobLine, Sink } from '../../activities/backends/backend.ts';

/** A sink in memory, with a store of its own that may lag behind, as the real one does. */
export interface RecordingSink extends Sink {
  readonly lines: { line: JobLine; cursor: string }[];
  readonly phases: Parameters<Sink['observed']>[0][];
  /** What was said to be hidden. */
  readonly hidden: readonly string[];
  /** The lines of a stream, in order. */
  texts(stream: JobLine['s']): string[];
  /** A follower's death: only the first `kept` lines had reached the store. */
  forgetBut(kept: number): void;
}

export function recordingSink(onLine: (count: number) => void = () => undefined): RecordingSink {
  const lines: RecordingSink['lines'] = [];
  const phases: RecordingSink['phases'] = [];
  let kept: FirstsSeen = {};
  const hidden: string[] = [];
  return {
    lines,
    hidden,
    phases,
    get cursor() {
      return lines.at(-1)?.cursor;
    },
    line(line, cursor) {
      lines.push({ line, cursor });
      onLine(lines.length);
      return Promise.resolve();
    },
    keep(firsts) {
      kept = mergeFirsts(kept, firsts);
      return Promise.resolve(kept);
    },
    observed: (phase) => void phases.push(phase),
    hides: (secrets) => void hidden.push(...secrets.map(String)),
    texts: (stream) => lines.filter(({ line }) => line.s === stream).map(({ line }) => line.m),
    forgetBut: (kept) => void lines.splice(kept),
  };
}
