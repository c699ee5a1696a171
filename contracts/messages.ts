import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { z } from 'zod';
import type { PlanSummary } from './plan.ts';
import type { RunResult } from './run-result.ts';

/** The workflow type of one run. */
export const launchWorkflowType = 'launch';

/** Memo key under which a Canceled run leaves its RunResult: Temporal keeps no result of such a workflow. */
export const resultMemo = 'relaunchResult';

const words = z.string().max(1_000).optional().catch(undefined);

/** Who asks, and why. Lenient: an empty or odd request to stop is still one. */
export const request = z.object({ by: words, reason: words }).catch({});
export type Request = { by?: string | undefined; reason?: string | undefined };

/** What an agent sees of an attempt on its way: sent for a phase that lasted a second. */
export const observation = z.object({
  attempt: z.int(),
  phase: z.enum(['waiting', 'starting', 'running']),
  why: z.string().max(1_000).optional(),
  node: z.string().max(253).optional(),
  image: z.string().max(1_000).optional(),
  /** When the phase began, ISO 8601. */
  at: z.string().max(40).optional(),
});
export type Observation = z.infer<typeof observation>;

/** Ends the run, whatever it does. */
export const cancelSignal = defineSignal<[Request?]>('cancel');
/** Gives the machine back: the attempt ends within its grace period, the run goes to the back of its queue. */
export const preemptSignal = defineSignal<[Request?]>('preempt');
/** From the agent. */
export const observedSignal = defineSignal<[Observation]>('observed');

/** A run as it stands: what the result will say, and what it waits for. */
export interface RunStatus extends RunResult {
  plan: PlanSummary | undefined;
  /** Sentence for people: `requeue 2 of 5 (attempt 3)`. */
  progress: string;
}
export const statusQuery = defineQuery<RunStatus>('status');

/** `byMs`: how much longer than so far the run may be running. Refused beyond the queue's bound. Answers the new limit in ms. */
export const extendRunTimeoutUpdate = defineUpdate<number, [{ byMs: number }]>('extendRunTimeout');
export const runTimeoutExtension = z.object({ byMs: z.int().positive() });
