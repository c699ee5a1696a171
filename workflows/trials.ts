import { CancellationScope, executeChild, sleep, Trigger, workflowInfo } from '@temporalio/workflow';
import {
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { launchSpec, nameOf, type LaunchSpecInput } from '../contracts/launch-spec.ts';
import { launchStart } from '../contracts/launch-start.ts';
import { launchWorkflowType } from '../contracts/messages.ts';
import { readSpec } from '../contracts/read-spec.ts';
import type { RunResult } from '../contracts/run-result.ts';
import type { CarriedSweep } from '../contracts/sweep-result.ts';
import type { Metric, SweepSpec } from '../contracts/sweep-spec.ts';
import { trialId, trialSpec, type Trial } from '../contracts/trial.ts';
import type { Points } from '../search/points.ts';
import type { SweepInbox } from './sweep-inbox.ts';
import type { SweepPage } from './sweep-page.ts';
import { countEnd, isExhausted, takeTrial, type TrialEnd } from './tally.ts';

/** The server warns at 10,240 and ends a workflow at 51,200. A trial costs four to seven. */
const mostEvents = 10_000;

/** What one workflow task may start: the answer to it has to fit into one message of 4 MB, and be made within seconds. */
const mostStarts = 100;
const mostBytes = 1_000_000;
/** What a start costs besides its input: attributes, memo, summary. */
const bytesBeside = 4_000;

export interface Trials {
  spec: SweepSpec;
  /** As it was given: trials parse it themselves. */
  launch: LaunchSpecInput;
  points: Points;
  state: CarriedSweep;
}

/**
 * Runs trials until none is left to be started and none in flight; a cancel ends those in flight, all at once. `handed-on`: the history is
 * long, and a new execution has to go on. Children do not outlive theirs, so it waits until the last has ended.
 */
export async function runTrials(trials: Trials, inbox: SweepInbox, page: SweepPage): Promise<'done' | 'handed-on'> {
  const { spec, points, state } = trials;
  const scope = new CancellationScope();
  const over = new Trigger<'done' | 'handed-on'>();
  const mostInTask = startsInTask(trials.launch);
  let running = 0;
  /** Workflow tasks are told apart by the history that they begin with. */
  const task = { historyLength: -1, starts: 0 };
  let waits = false;

  const start = async (trial: Trial): Promise<void> => {
    running++;
    const run = trialId(state.plan.sweep, trial);
    const end = await scope.run(() => runTrial(trials, run, trial));
    running--;
    countEnd(state.tally, spec, { index: trial.index, run }, end);
    if (end.kind === 'cancelled' && inbox.cancelled !== undefined) state.tally.interrupted.push(trial.index);
    proceed();
  };
  const proceed = (): void => {
    const { historyLength } = workflowInfo();
    const handsOn = historyLength > mostEvents;
    if (inbox.cancelled !== undefined) scope.cancel();
    else if (!handsOn && !state.paused) {
      if (task.historyLength !== historyLength) Object.assign(task, { historyLength, starts: 0 });
      while (running < state.numWorkers && task.starts < mostInTask) {
        const trial = takeTrial(state.tally, points);
        if (trial === undefined) break;
        task.starts++;
        void start(trial);
      }
      if (running < state.numWorkers && task.starts >= mostInTask) void inNextTask();
    }
    page.counted(running);
    if (running > 0) return;
    if (inbox.cancelled !== undefined || isExhausted(state.tally, points)) over.resolve('done');
    else if (handsOn) over.resolve('handed-on');
  };

  const inNextTask = async (): Promise<void> => {
    if (waits) return;
    waits = true;
    await sleep(1, { summary: 'start the next trials' });
    waits = false;
    proceed();
  };

  inbox.onChange = proceed;
  proceed();
  return await over;
}

/** How many trials one workflow task may start. */
function startsInTask(launch: LaunchSpecInput): number {
  // A UTF-16 unit is at most three bytes.
  const bytes = 3 * JSON.stringify(launch).length + bytesBeside;
  return Math.min(Math.max(1, Math.floor(mostBytes / bytes)), mostStarts);
}

async function runTrial({ spec, launch, state }: Trials, workflowId: string, trial: Trial): Promise<TrialEnd> {
  const { sweep, source } = state.plan;
  const name = spec.name ?? nameOf(spec.launch);
  const input = trialSpec({ ...launch, source }, { id: sweep, name }, trial);
  const read = readSpec(launchSpec, input);
  if ('wrong' in read) return { kind: 'failed', message: read.wrong };
  try {
    const end = await executeChild<(input: unknown) => Promise<RunResult>>(launchWorkflowType, {
      ...launchStart(read.spec),
      workflowId,
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      parentClosePolicy: 'REQUEST_CANCEL',
    });
    return endOf(end, spec.metric);
  } catch (error) {
    if (error instanceof CancelledFailure) return { kind: 'cancelled' };
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      return { kind: 'failed', message: `there is a workflow ${workflowId} already` };
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    const { cause } = error;
    if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) return { kind: 'cancelled' };
    return { kind: 'failed', message: cause?.message ?? error.message };
  }
}

/** A trial that cannot be compared with others has failed, however well its job ended. */
function endOf({ summary }: RunResult, metric: Metric | undefined): TrialEnd {
  if (metric === undefined) return { kind: 'succeeded', value: undefined };
  const value = Object.hasOwn(summary, metric.name) ? summary[metric.name]?.last : undefined;
  if (value !== undefined) return { kind: 'succeeded', value };
  const seen = Object.keys(summary)
    .slice(0, 20)
    .map((name) => JSON.stringify(name));
  const printed = seen.length === 0 ? 'no metrics, which are lines of JSON on stdout' : seen.join(', ');
  return {
    kind: 'failed',
    message: `it ended well without the metric ${JSON.stringify(metric.name)}: it printed ${printed}`,
  };
}
