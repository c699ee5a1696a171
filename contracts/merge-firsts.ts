import type { FirstsSeen } from './records.ts';

/** What two observers have seen of an attempt: what the earlier one saw stays. */
export function mergeFirsts(earlier: FirstsSeen, later: FirstsSeen): FirstsSeen {
  const pods = new Set([...Object.keys(earlier), ...Object.keys(later)]);
  return Object.fromEntries([...pods].map((pod) => [pod, { ...later[pod], ...earlier[pod] }]));
}
