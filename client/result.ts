import { runIdOf } from '../contracts/names.ts';
import { runResult, type RunResult } from '../contracts/run-result.ts';
import { closingOf, type Closing } from './closing.ts';
import type { Relaunch } from './connect.ts';

/** How a run ended. */
export interface RunEnd extends RunResult {
  /** Why it failed, of a FailureType. Only where it did. */
  failure?: { type: string; message: string };
}

/**
 * Waits until a run has ended and answers how, for all endings alike: a failure is a value here.
 * @throws ClientError run-not-found; run-terminated where it was ended in Temporal, past its own code
 */
export async function result(relaunch: Relaunch, workflowId: string): Promise<RunEnd> {
  return runEndOf(await closingOf(relaunch, workflowId, runResult), workflowId);
}

/** Exported for its test. */
export function runEndOf({ closed, said, failure }: Closing<RunResult>, workflowId: string): RunEnd {
  const end = said ?? { run: runIdOf(workflowId), state: closed, attempts: [], requeues: 0, summary: {} };
  return failure === undefined ? end : { ...end, failure };
}
