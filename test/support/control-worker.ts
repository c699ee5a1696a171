/** `relaunch control` with workflow code that is bundled already: `node control-worker.ts BUNDLE`. */
import { readSettings } from '../../client/index.ts';
import { runWorker } from '../../scripts/run-worker.ts';
import { startControl } from '../../workers/control.ts';
import { createLogger, withRuntime } from '../../workers/logger.ts';

const settings = readSettings(process.env);
const { temporal, entity: namespace } = settings;
const logger = createLogger();

await withRuntime(logger, () =>
  runWorker(settings, process.env, logger, () =>
    startControl({ temporal, namespace, logger, bundlePath: process.argv[2] }),
  ),
);
process.exit();
