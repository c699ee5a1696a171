import { rm, writeFile } from 'node:fs/promises';
import { checkAccess, connect, type Settings } from '../client/index.ts';
import { onStopSignals } from './until-signal.ts';

/** The part of a RunningWorker that this needs. */
interface Stoppable {
  readonly stopped: Promise<void>;
  stop(): void;
}

interface Says {
  info(message: string, meta?: Record<string, unknown>): void;
}

/**
 * Runs a worker until it has stopped or SIGINT or SIGTERM stop it; a second signal ends the process at once. While it serves there is
 * the file that RELAUNCH_READY_FILE of `env` names, for whoever waits for that. @throws what the worker failed with
 */
export async function runWorker(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  logger: Says,
  start: (signal: AbortSignal) => Promise<Stoppable>,
): Promise<void> {
  const readyFile = env['RELAUNCH_READY_FILE'] ?? '';
  const notReady = async (): Promise<void> => {
    if (readyFile !== '') await rm(readyFile, { force: true });
  };
  // A killed one has left it.
  await notReady();
  // For its sentence where nothing answers, or nobody is let in.
  const relaunch = await connect(settings);
  await checkAccess(relaunch).finally(() => relaunch.close());
  const asked = new AbortController();
  const unlisten = onStopSignals((times, signal) => {
    if (times > 1) process.exit(130);
    logger.info(`${signal}: stopping`);
    asked.abort();
  });
  try {
    const worker = await start(asked.signal);
    const stop = (): void => {
      worker.stop();
    };
    if (asked.signal.aborted) stop();
    else asked.signal.addEventListener('abort', stop);
    if (readyFile !== '') await writeFile(readyFile, '');
    await worker.stopped;
  } catch (error) {
    if (!asked.signal.aborted || error !== asked.signal.reason) throw error;
  } finally {
    unlisten();
    await notReady();
  }
}
