import { z } from 'zod';
import { sweepSummary } from './sweep-plan.ts';
import { sweepTally } from './sweep-tally.ts';

export const sweepStates = ['queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled', 'timed-out'] as const;
export type SweepState = (typeof sweepStates)[number];

/** What one execution hands on to the next. */
export const carriedSweep = z.object({
  plan: sweepSummary,
  numWorkers: z.int().min(1),
  paused: z.boolean(),
  tally: sweepTally,
});
export type CarriedSweep = z.infer<typeof carriedSweep>;

/** How a sweep ended, or how far it is: the result of `sweep`, the details of its failure, and its answer to `progress`. */
export const sweepResult = z.object({
  sweep: z.string(),
  state: z.enum(sweepStates),
  /** Trials in flight. */
  running: z.int(),
  /** Trials that there are to be in all; absent where only a cap or a cancel ends them. */
  total: z.int().optional(),
  /** Absent before an agent has accepted it. */
  numWorkers: z.int().optional(),
  maxWorkers: z.int().optional(),
  tally: sweepTally,
});
export type SweepResult = z.infer<typeof sweepResult>;
