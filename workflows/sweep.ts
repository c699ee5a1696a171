import { CancellationScope, continueAsNew } from '@temporalio/workflow';
import { readSpec } from '../contracts/read-spec.ts';
import type { SweepSummary } from '../contracts/sweep-plan.ts';
import { carriedSweep, type CarriedSweep, type SweepResult } from '../contracts/sweep-result.ts';
import { sweepTally } from '../contracts/sweep-tally.ts';
import { sweepSpec, type SweepSpec, type SweepSpecInput } from '../contracts/sweep-spec.ts';
import { pointsOf } from '../search/points-of.ts';
import { resolving } from './agents.ts';
import { closeAsCanceled, closeAsFailed, RunFailed } from './ending.ts';
import { answerOf } from './resolution.ts';
import { openSweepInbox, type SweepInbox } from './sweep-inbox.ts';
import { SweepPage } from './sweep-page.ts';
import { failuresOf } from './tally.ts';
import { runTrials } from './trials.ts';

/**
 * A search: keeps as many trials in flight as it may until no point is left, and closes when the last trial has ended.
 * `carried`: what an earlier execution handed on, or an ended sweep that is to go on.
 */
export async function sweep(input: unknown, carried?: unknown): Promise<SweepResult> {
  const inbox = openSweepInbox(); // what is asked of this sweep
  const page = new SweepPage(inbox); // what people see of it
  const root = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    try {
      const spec = parse(input);
      const state = carried === undefined ? await begin(spec, input, inbox) : parseCarried(carried);
      if (state === undefined) return await closeAsCanceled(root, inbox, page.closed('cancelled'));
      const points = pointsOf(spec);
      inbox.state = state;
      page.begun(points.total);
      const { launch } = input as SweepSpecInput;
      const end = await runTrials({ spec, launch, points, state }, inbox, page);
      if (end === 'handed-on') return await continueAsNew<typeof sweep>(input, state);
      if (inbox.cancelled !== undefined) return await closeAsCanceled(root, inbox, page.closed('cancelled'));
      const tooMany = failuresOf(state.tally);
      if (tooMany !== undefined) throw new RunFailed('TooManyFailures', tooMany);
      return page.closed('succeeded');
    } catch (error) {
      return closeAsFailed(error, page);
    }
  });
}

function parse(input: unknown): SweepSpec {
  const read = readSpec(sweepSpec, input);
  if ('spec' in read) return read.spec;
  throw new RunFailed('LaunchRejected', read.wrong);
}

/** It may be longer than anything that people write, and is not written by them. */
function parseCarried(carried: unknown): CarriedSweep {
  const read = carriedSweep.safeParse(carried);
  if (read.success) return read.data;
  throw new RunFailed('LaunchRejected', 'what the sweep is to go on from is nothing that a sweep has handed on');
}

/** Undefined: cancelled before it was accepted. */
async function begin(spec: SweepSpec, input: unknown, inbox: SweepInbox): Promise<CarriedSweep | undefined> {
  const { queue, timeouts } = spec.launch;
  const accepted = await answerOf<SweepSummary>(() => resolving(queue).resolveSweep(input), inbox, {
    queue,
    timeoutMs: timeouts.queue,
  });
  if (accepted === undefined) return undefined;
  return { plan: accepted, numWorkers: accepted.numWorkers, paused: false, tally: sweepTally.parse({}) };
}
