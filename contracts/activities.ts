import { z } from 'zod';
import { attemptOutcome, timeoutPhase } from './outcome.ts';
import { metricsSummary } from './run-result.ts';
import type { PlanSummary } from './plan.ts';
import type { SweepSummary } from './sweep-plan.ts';

/** Names an attempt of the calling workflow: all that later activities are told, the rest they read from the plan. */
export const attemptArgument = z.object({ attempt: z.int().min(1) });
export type AttemptArgument = z.infer<typeof attemptArgument>;

/** Why an attempt is to end before its time; names its outcome. */
export const stopArgument = attemptArgument.extend({
  as: z.enum(['cancelled', 'preempted', 'stopped-early', 'timed-out', 'lost']),
  /** Where `as` is timed-out. */
  phase: timeoutPhase.optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
});
export type StopArgument = z.infer<typeof stopArgument>;

export interface Submitted {
  /** The task queue on which this attempt is followed, stopped and released. */
  follow: string;
  agent: string;
}

/** How an attempt ended, for good: what `attempts/<n>.json` keeps. */
export const attemptEnd = z.object({ outcome: attemptOutcome, summary: metricsSummary });
export type AttemptEnd = z.infer<typeof attemptEnd>;

/** Released, with its end; or to be released there, by the agent that claimed it. */
export type Released = { end: AttemptEnd } | Submitted;

/** An image in its registry: `repository@sha256:...`; or the task queue on which it is to be pushed, by the host that made it. */
export type Built = { image: string } | { push: string };

/** What workflows may ask agents for. */
export interface AgentActivities {
  /**
   * Checks a spec against its queue and pins what moves. `firstRunId`: of the workflow's chain of executions, as it knows it; what it is
   * taken for is the activity's business. Fails with LaunchRejected, RunIdTaken, SourceUnavailable.
   */
  resolveLaunch(spec: unknown, firstRunId?: string): Promise<PlanSummary>;
  /** Checks a sweep against its queue and pins the source of its trials. Fails as resolveLaunch does. */
  resolveSweep(spec: unknown): Promise<SweepSummary>;
  /** Waits in the queue for a permit, then creates the attempt, or finds it created. */
  submitAttempt(argument: AttemptArgument): Promise<Submitted>;
  /** Follows the attempt to its end; logs and metrics to the store on the way. */
  awaitAttempt(argument: AttemptArgument): Promise<AttemptEnd>;
  /** TERM, grace, KILL. Returns when nothing of the attempt runs; records and removes nothing. */
  stopAttempt(argument: StopArgument): Promise<void>;
  /** Records and removes in await's place. */
  releaseAttempt(argument: StopArgument): Promise<Released>;
}

/** What workflows may ask builders for. */
export interface BuilderActivities {
  /**
   * Makes the image of the plan's source, if its registry does not have it. Fails with BuildFailed, BuilderUnavailable, RegistryDenied,
   * RegistryUnavailable.
   */
  buildImage(): Promise<Built>;
  /** Pushes what this host made; without an image: it has it no more. Fails with RegistryDenied, RegistryUnavailable. */
  pushImage(): Promise<{ image?: string }>;
}

/** What workflows may ask the control worker for. */
export interface ControlActivities {
  /** Asks Temporal to cancel the calling workflow, so that it closes as Canceled. */
  cancelOwnWorkflow(): Promise<void>;
}
