/** How far the log of a container has come: the time of its last line, and how many lines with exactly this time there were. */
export interface LogPosition {
  t: string;
  n: number;
}

/** By pod and container: the cursor of an attempt's log. */
export type LogPositions = Record<string, LogPosition>;

/** stdout and stderr are two streams that a runtime writes into one log: lines of one may be late by this, seen from the other. */
export const skewMs = 2_000;

/** @returns no positions where the cursor is none of ours: then all is read from the start */
export function positionsOf(cursor: string | undefined): LogPositions {
  try {
    const value: unknown = JSON.parse(cursor ?? '{}');
    return value !== null && typeof value === 'object' ? (value as LogPositions) : {};
  } catch {
    return {};
  }
}

export interface LogText {
  /** When it was written, as the runtime put it down: up to nanoseconds. */
  t: string;
  m: string;
}

/** A line of a log as the API server gives it with `timestamps=true`; undefined where it is none, but a message of the kubelet's. */
export function splitLine(text: string): LogText | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?(.*)$/s.exec(text);
  const [, t, m] = match ?? [];
  return t === undefined || m === undefined ? undefined : { t, m };
}

/** The `sinceTime` from which a log is to be read again: whole seconds, as the API server takes them. */
export function sinceTime({ t }: LogPosition): string {
  return new Date(Math.floor((Date.parse(t) - skewMs) / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}
