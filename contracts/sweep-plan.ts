import { z } from 'zod';
import { pinnedGit } from './git-source.ts';
import { jobSource, pinnedSource, type PinnedSource } from './source.ts';

/** A commit stays one: agents know what code it is, and let nobody else say so. A job does too: it says more than where its code is. */
const trialSource = z.union([pinnedSource, z.object({ git: pinnedGit }), z.object({ job: jobSource })]);

export const trialSourceOf = (pinned: PinnedSource): z.infer<typeof trialSource> =>
  'git' in pinned && pinned.git !== undefined ? { git: pinned.git } : pinned;

/** What the workflow of a sweep needs to know of what an agent has checked and pinned. */
export const sweepSummary = z.object({
  /** Names it in its trials' ids. */
  sweep: z.string(),
  /** Trials in flight at the beginning. */
  numWorkers: z.int(),
  /** The queue's bound: `setNumWorkers` may not go beyond it. */
  maxWorkers: z.int(),
  /** Of every trial. */
  source: trialSource,
});
export type SweepSummary = z.infer<typeof sweepSummary>;

/** `sweeps/<sweep>/plan.json`: a sweep as an agent has accepted it. Submitters cannot write there. */
export const sweepPlan = sweepSummary.extend({
  workflowId: z.string(),
  entity: z.string(),
  queue: z.string(),
  /** Of what makes its trials: the same id with other trials is refused. Caps and policies may change when a sweep goes on. */
  trialsDigest: z.string(),
  /** The input, as it was given. */
  spec: z.json(),
});
export type SweepPlan = z.infer<typeof sweepPlan>;

export const sweepSummaryOf = (of: SweepPlan): SweepSummary => sweepSummary.parse(of);
