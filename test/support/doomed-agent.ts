import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../../client/index.ts';
import { baseEnvOf } from '../../scripts/base-env.ts';
import { startAgent } from '../../workers/agent.ts';
import { createLogger, installRuntime } from '../../workers/logger.ts';

const [name = '', queue = '', doom, home = ''] = process.argv.slice(2);
const settings = readSettings(process.env);
const logger = createLogger();
installRuntime(logger);
const { stopped } = await startAgent({
  temporal: settings.temporal,
  namespace: settings.entity,
  name,
  queues: [queue],
  maxJobs: 1,
  home: settings.home,
  storeUrl: settings.storeUrl,
  baseEnv: baseEnvOf(process.env),
  logger,
  reached: (point) => {
    if (point === doom) {
      writeFileSync(join(home, `killed-${name}`), point);
      process.kill(process.pid, 'SIGKILL');
    }
    return Promise.resolve();
  },
});
await stopped;
