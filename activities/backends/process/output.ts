import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import type { JobLine, Sink } from '../backend.ts';
import type { AttemptFiles } from './layout.ts';
import { takeLines } from './lines.ts';
import { outputFile, type OutputFile } from './output-file.ts';

/** Bytes of stdout and stderr behind the last line that was taken. */
const cursorSchema = z.object({ o: z.int().min(0), e: z.int().min(0) });

/** Lines after which others have their turn, so that a flood does not keep the process to itself. */
const linesAtOnce = 1_000;

type StreamName = JobLine['s'];

/** What a job writes, on its way to a sink. */
export interface Output {
  /** Passes on a bounded part of what is new. Answers whether there may be more. */
  read(): Promise<boolean>;
  /** Passes on the rest of what an ended job wrote, its unterminated last line too. */
  finish(): Promise<void>;
}

/** Goes on where the sink's cursor says. Stops with the signal's reason; touches nothing after that. */
export function openOutput(files: AttemptFiles, sink: Sink, signal: AbortSignal): Output {
  const from = parseCursor(sink.cursor);
  const streams = { stdout: outputFile(files.stdout, from.o), stderr: outputFile(files.stderr, from.e) };
  const cursor = (): string => `{"o":${String(streams.stdout.offset)},"e":${String(streams.stderr.offset)}}`;

  async function deliver(s: StreamName, m: string, t: string): Promise<void> {
    await sink.line({ t, s, m }, cursor());
    signal.throwIfAborted();
  }

  async function reportSkipped(bytes: number): Promise<void> {
    if (bytes === 0) return;
    await deliver('stderr', `relaunch: ${String(bytes)} bytes of output skipped`, new Date().toISOString());
  }

  async function turn(s: StreamName, stream: OutputFile, ended: boolean): Promise<boolean> {
    await reportSkipped(await stream.skip());
    const next = await stream.next(ended);
    signal.throwIfAborted();
    if (next === undefined) return false;
    const t = new Date().toISOString();
    let lines = 0;
    for (const { text, bytes } of takeLines(next.chunk, ended && next.toEnd)) {
      stream.take(bytes);
      await deliver(s, text, t);
      if (++lines % linesAtOnce === 0) await breathe();
      signal.throwIfAborted();
    }
    return !next.toEnd || lines > 0;
  }

  async function both(ended: boolean): Promise<boolean> {
    let more = false;
    for (const [s, stream] of Object.entries(streams) as [StreamName, OutputFile][]) {
      more = (await turn(s, stream, ended)) || more;
      if (!ended) await reportSkipped(await stream.shrink(sink.cursor === cursor()));
    }
    return more;
  }

  return {
    read: () => both(false),
    async finish() {
      let more = true;
      while (more) more = await both(true);
    },
  };
}

function parseCursor(text: string | undefined): z.infer<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return { o: 0, e: 0 };
  }
}
