import { z } from 'zod';

/** How far a stream has come: the time of the last piece taken, to the nanosecond, and how many pieces with exactly this time there were. */
export interface Place {
  t: string;
  n: number;
}

const place = z.object({ t: z.string(), n: z.int().min(1) });

const logCursor = z.object({
  /** The engine is asked for what is not older than this; undefined: for all. */
  since: z.string().optional(),
  stdout: place.optional(),
  stderr: place.optional(),
});
/** How far a log was taken, each stream by itself: pieces of one stream are in the order of their times, those of two are not. */
export type LogCursor = z.output<typeof logCursor>;

/** @returns an empty one where the text is none of ours: then all is read from the start */
export function cursorOf(text: string | undefined): LogCursor {
  try {
    return logCursor.parse(JSON.parse(text ?? ''));
  } catch {
    return {};
  }
}

/** Pieces of one stream may be written behind later ones of the other by this much. */
const skewSeconds = 2;

/** The `since` to ask the engine with: seconds since 1970, with a fraction. */
export function sinceOf({ since }: LogCursor): string | undefined {
  if (since === undefined) return undefined;
  const seconds = Math.floor(Date.parse(since) / 1_000) - skewSeconds;
  return Number.isFinite(seconds) ? `${String(seconds)}.000000000` : undefined;
}
