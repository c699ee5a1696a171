import { Runtime, type Logger, type LogLevel, type LogMetadata } from '@temporalio/worker';
import { pino, type Logger as Pino } from 'pino';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** pino behind Temporal's interface: JSON lines on stderr, from `level` on (default info). */
export function createLogger(level: 'trace' | 'debug' | 'info' | 'warn' | 'error' = 'info'): Logger {
  return new PinoLogger(pino({ level, base: null }, pino.destination(2)));
}

/** Makes Temporal's runtime log through it. Once a process, before any connection. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: 'temporalio_sdk_core=WARN,temporalio_client=ERROR,ERROR', forward: {} } },
  });
}

/** Runs work under such a runtime, and takes that away afterwards: it would keep the process alive where no worker came up. */
export async function withRuntime<T>(logger: Logger, work: () => Promise<T>): Promise<T> {
  installRuntime(logger);
  try {
    return await work();
  } finally {
    await Runtime.instance().shutdown();
  }
}

class PinoLogger implements Logger {
  readonly #pino: Pino;

  constructor(to: Pino) {
    this.#pino = to;
  }

  log(level: LogLevel, message: string, meta?: LogMetadata): void {
    const { sdkComponent: _component, taskToken: _token, error, ...rest } = meta ?? {};
    this.#pino[levels[level]]({ ...rest, ...(error === undefined ? {} : { err: error }) }, message);
  }

  trace(message: string, meta?: LogMetadata): void {
    this.log('TRACE', message, meta);
  }

  debug(message: string, meta?: LogMetadata): void {
    this.log('DEBUG', message, meta);
  }

  info(message: string, meta?: LogMetadata): void {
    this.log('INFO', message, meta);
  }

  warn(message: string, meta?: LogMetadata): void {
    this.log('WARN', message, meta);
  }

  error(message: string, meta?: LogMetadata): void {
    this.log('ERROR', message, meta);
  }
}
