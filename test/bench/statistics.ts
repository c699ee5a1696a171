/** What a set of measurements comes down to. */
export interface Spread {
  samples: number;
  p50: number;
  p95: number;
  least: number;
  most: number;
}

/** The smallest of the values that `percent` of all do not exceed (nearest rank). @throws RangeError where there are none */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('a percentile of nothing');
  return found;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    samples: values.length,
    p50: percentile(values, 50),
    p95: percentile(values, 95),
    least: percentile(values, 0),
    most: percentile(values, 100),
  };
}
