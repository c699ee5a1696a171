import { Worker, type Logger } from '@temporalio/worker';
import { controlActivities } from '../activities/control-activities.ts';
import type { KillPoint } from '../activities/dependencies.ts';
import { controlTaskQueue } from '../contracts/task-queues.ts';
import { bundleWorkflows } from './bundle.ts';
import type { RunningWorker } from './running-worker.ts';
import { connectTemporal, workflowConverter, type TemporalAddress } from './temporal.ts';
import { registerSearchAttributes } from './search-attributes.ts';

export interface ControlOptions {
  /** How to reach Temporal. */
  temporal: TemporalAddress;
  namespace: string;
  logger: Logger;
  /** A file of workflow code that is bundled already; for tests. Default: it is bundled when the worker starts. */
  bundlePath?: string | undefined;
  /** For fault tests. */
  reached?: (point: KillPoint) => Promise<void>;
}

/** Runs the workflows. @throws where search attributes are missing and may not be registered: they would block every run for ever */
export async function startControl(options: ControlOptions): Promise<RunningWorker> {
  const { temporal, namespace, logger, bundlePath, reached } = options;
  const { client, connection, close } = await connectTemporal(temporal, namespace);
  await registerSearchAttributes(client, namespace, logger);
  const encrypts = temporal.codec?.encrypts === true;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: controlTaskQueue,
    workflowBundle: bundlePath === undefined ? await bundleWorkflows(logger, encrypts) : { codePath: bundlePath },
    dataConverter: workflowConverter(temporal),
    activities: controlActivities(async (workflowId, runId) => {
      await reached?.('control:before-cancel');
      await client.workflow.getHandle(workflowId, runId).cancel();
      await reached?.('control:after-cancel');
    }),
    maxConcurrentActivityTaskPolls: 2,
  });
  const run = worker.run();
  return {
    stopped: run.finally(close),
    drain: () => undefined,
    stop: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
