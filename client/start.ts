import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { launchStart } from '../contracts/launch-start.ts';
import type { LaunchSpec, LaunchSpecInput } from '../contracts/launch-spec.ts';
import { launchWorkflowType } from '../contracts/messages.ts';
import { controlTaskQueue } from '../contracts/task-queues.ts';
import type { Relaunch } from './connect.ts';
import { asking } from './temporal-errors.ts';

export interface Start {
  workflowId: string;
  /** As the workflow gets it: not parsed, the agent does that again. */
  input: LaunchSpecInput;
  spec: LaunchSpec;
  memo: Record<string, string>;
  /** Another start of this workflow id is the same run, open or closed. */
  keyed: boolean;
}

/** Starts the workflow of a run; if it is keyed, and there is one, nothing happens. */
export async function startLaunch(relaunch: Relaunch, { workflowId, input, spec, memo, keyed }: Start): Promise<void> {
  const start = launchStart(spec);
  try {
    await asking(relaunch.settings, undefined, () =>
      relaunch.temporal.workflow.start(launchWorkflowType, {
        ...start,
        workflowId,
        taskQueue: controlTaskQueue,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: keyed ? 'USE_EXISTING' : 'FAIL',
        memo: { ...memo, ...start.memo },
      }),
    );
  } catch (error) {
    if (!keyed || !(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
