import { z } from 'zod';
import { mergeMetric, mostMetrics, type MetricsSummary } from '../contracts/run-result.ts';

/** Numbers that a job reported at one time, in `attempts/<n>/metrics/<seq>.jsonl` as `{"t": ..., "<metric>": ...}`. */
export interface MetricPoint {
  /** ISO 8601. */
  t: string;
  values: Record<string, number>;
}

const longestName = 200;

/** Never a metric: `t` is the point's time, `__proto__` is no key like others in JavaScript. */
const reservedNames = ['t', '__proto__'];

const storedPoint = z.looseObject({ t: z.string() });

/**
 * The metrics in a line of standard output: the finite numbers at the top of a JSON object, in its order. Undefined where there are none.
 * Left out: names longer than 200 characters, `t` and `__proto__`.
 */
export function metricsIn(text: string): MetricPoint['values'] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const values = numbersOf(parsed(text));
  return Object.keys(values).length === 0 ? undefined : values;
}

export const formatPoint = ({ t, values }: MetricPoint): string => `${JSON.stringify({ t, ...values })}\n`;

/** A line of a metrics object; undefined if it is none. */
export function parsePoint(text: string): MetricPoint | undefined {
  const point = storedPoint.safeParse(parsed(text));
  return point.success ? { t: point.data.t, values: numbersOf(point.data) } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function numbersOf(value: unknown): MetricPoint['values'] {
  if (value === null || typeof value !== 'object') return {};
  const numbers = Object.entries(value as Record<string, unknown>).filter(
    (entry): entry is [string, number] =>
      Number.isFinite(entry[1]) && entry[0].length <= longestName && !reservedNames.includes(entry[0]),
  );
  return Object.fromEntries(numbers);
}

/** The last, smallest and largest value of the first hundred metrics that come by. */
export class MetricsTally {
  readonly #summary = new Map<string, MetricsSummary[string]>();

  add({ values }: MetricPoint): void {
    for (const [name, last] of Object.entries(values)) {
      const before = this.#summary.get(name);
      if (before === undefined && this.#summary.size >= mostMetrics) continue;
      this.#summary.set(name, mergeMetric(before, { last, min: last, max: last }));
    }
  }

  summary(): MetricsSummary {
    return Object.fromEntries([...this.#summary].map(([name, values]) => [name, { ...values }]));
  }
}
