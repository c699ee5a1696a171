/** The SDK as its first page shows it, workflows and activities in one worker, with our pollers: `node bare-worker.ts`. */
import { Worker } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../../client/index.ts';
import { onStopSignals } from '../../scripts/until-signal.ts';
import { createLogger, withRuntime } from '../../workers/logger.ts';
import { connectTemporal } from '../../workers/temporal.ts';
import { bareTaskQueue, type BareActivities } from './bare-workflow.ts';

const nothing = (): Promise<void> => Promise.resolve();
const activities: BareActivities = { first: nothing, second: nothing, third: nothing };
const { temporal, entity: namespace } = readSettings(process.env);
const logger = createLogger();

await withRuntime(logger, async () => {
  const { connection, close } = await connectTemporal(temporal, namespace);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: bareTaskQueue,
    workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
    activities,
    maxConcurrentActivityTaskExecutions: 10_000,
    activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, maximum: 10, initial: 2 },
  });
  onStopSignals(() => {
    worker.shutdown();
  });
  await worker.run();
  await close();
});
process.exit();
