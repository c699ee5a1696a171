import { z } from 'zod';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const rule = 'a length of time: a number of seconds, or a number with a unit (ms, s, m, h, d), such as 90s or 7d';
const longestMs = 10 * 365 * unitMs.d;

/**
 * A length of time as people write it: `90s`, `15m`, `2h`, `7d`, `500ms`, or a number of seconds.
 * Parses to milliseconds. At most ten years, the longest timer a workflow is asked to keep.
 */
export const durationMs = z
  .union([z.number().nonnegative(rule), z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, rule)], {
    error: rule,
  })
  .transform((value) => {
    if (typeof value === 'number') return Math.round(value * unitMs.s);
    const [, amount, unit] = /^([\d.]+)([a-z]+)$/.exec(value) ?? [];
    return Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
  })
  .refine((ms) => ms <= longestMs, 'at most ten years');

/** Milliseconds as people write them, in the largest unit that divides them: 90000 is `90s`, 7200000 is `2h`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= unitMs[unit] && ms % unitMs[unit] === 0) return `${String(ms / unitMs[unit])}${unit}`;
  }
  return `${String(ms)}ms`;
}
