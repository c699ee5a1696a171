import { CancellationScope, isCancellation, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { statusQuery } from '../../contracts/messages.ts';
import type { RunResult } from '../../contracts/run-result.ts';

export { sweep } from '../../workflows/index.ts';

/** What a trial does, as its configuration says. */
interface Trial {
  /** How long it runs; default 1 s. */
  ms?: number;
  /** Default: it succeeds. `fail-once`: not when it is run again. */
  end?: 'succeed' | 'fail' | 'fail-once' | 'hold';
  /** Of the metric `loss`; without it there is none. */
  loss?: number;
  /** How long it takes to end when it is cancelled. */
  graceMs?: number;
}

/** In place of a run: no agent, no attempts, only an end. */
export async function launch({ runConfig = {} }: { runConfig?: Trial }): Promise<RunResult> {
  const { ms = 1_000, end = 'succeed', loss, graceMs = 0 } = runConfig;
  const { workflowId } = workflowInfo();
  const result = (state: RunResult['state']): RunResult => ({
    ...{ run: workflowId, state, attempts: [], requeues: 0 },
    summary: loss === undefined ? {} : { loss: { last: loss, min: loss, max: loss } },
  });
  setHandler(statusQuery, () => ({ ...result('running'), plan: undefined, progress: 'attempt 1' }));
  try {
    // Without a timer: a server that skips time would come to its end before a cancellation does.
    await (end === 'hold' ? CancellationScope.current().cancelRequested : sleep(ms));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => sleep(graceMs));
    throw new CancelledFailure('cancelled');
  }
  if (end === 'fail' || (end === 'fail-once' && !workflowId.includes('-r'))) {
    throw ApplicationFailure.create({ type: 'JobFailed', message: 'exit code 3', details: [result('failed')] });
  }
  return result('succeeded');
}
