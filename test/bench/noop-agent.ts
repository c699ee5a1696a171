/** An agent like any other, but for its backend: `node noop-agent.ts QUEUE MAX_JOBS`. */
import { readSettings } from '../../client/index.ts';
import { onStopSignals } from '../../scripts/until-signal.ts';
import { startAgent } from '../../workers/agent.ts';
import { createLogger, withRuntime } from '../../workers/logger.ts';
import { noopBackend } from './noop-backend.ts';

const [queue = '', maxJobs = ''] = process.argv.slice(2);
const { temporal, entity: namespace, home, storeUrl } = readSettings(process.env);
const logger = createLogger();

await withRuntime(logger, async () => {
  const agent = await startAgent({
    temporal,
    namespace,
    name: `noop-${queue}`,
    queues: [queue],
    maxJobs: Number(maxJobs),
    home,
    storeUrl,
    baseEnv: {},
    logger,
    backends: [noopBackend],
  });
  onStopSignals(() => {
    agent.stop();
  });
  await agent.stopped;
});
process.exit();
