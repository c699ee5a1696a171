import { z } from 'zod';

/** More would be more children than Temporal lets a workflow have open. */
const mostWorkers = 1_000;
/** Where neither the sweep nor its queue says: W&B's default. */
const defaultWorkers = 8;

/** Trials in flight at once. */
export const numWorkers = z
  .int()
  .min(1, '1 or more')
  .max(mostWorkers, `at most ${String(mostWorkers)}`);

export interface Workers {
  /** Trials in flight, at the beginning. */
  numWorkers: number;
  /** What may be asked for later. */
  maxWorkers: number;
}

/** How many trials a sweep has in flight, and how many it may ask for later; else what is wrong with what it asks for. */
export function workersOf(
  asked: number | undefined,
  { queue, bound }: { queue: string; bound: number | undefined },
): Workers | { wrong: string } {
  const maxWorkers = bound ?? mostWorkers;
  if (asked !== undefined && asked > maxWorkers) {
    return { wrong: `numWorkers is ${String(asked)}: at most ${String(maxWorkers)} on queue "${queue}"` };
  }
  return { numWorkers: asked ?? bound ?? defaultWorkers, maxWorkers };
}
