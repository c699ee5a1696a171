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

/** Runs a worker until it has stopped or SIGINT or SIGTERM stop it; a second signal ends the process at once. @throws what the worker failed with */
export async function runWorker(
  settings: Settings,
  logger: Says,
  start: (signal: AbortSignal) => Promise<Stoppable>,
): Promise<void> {
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
    await worker.stopped;
  } catch (error) {
    if (!asked.signal.aborted || error !== asked.signal.reason) throw error;
  } finally {
    unlisten();
  }
}
