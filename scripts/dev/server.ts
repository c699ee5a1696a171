import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError } from '../../client/index.ts';
import { answers } from './ports.ts';
import { serverArguments, type ServerOptions } from './server-arguments.ts';

/** A Temporal server of our own. */
export interface DevServer {
  pid: number;
  /** Resolves when it has ended, whyever. */
  ended: Promise<void>;
  /** SIGTERM, after 10 s SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): void;
}

const startPatienceMs = 30_000;
const stopPatienceMs = 10_000;

/** Starts Temporal's development server and waits until it takes connections. @throws ClientError temporal-unreachable with the end of its log */
export async function startServer(cli: string, home: string, options: ServerOptions): Promise<DevServer> {
  const log = join(home, 'dev-server.log');
  const output = openSync(log, 'w', 0o600);
  // In a group of its own: a Ctrl-C in the terminal is ours to handle, it must outlive our runs.
  const child = spawn(cli, serverArguments(options), { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  );
  for (let waitedMs = 0; !(await answers(options.port)); waitedMs += 50) {
    if (isGone(child) || waitedMs > startPatienceMs) {
      child.kill('SIGKILL');
      throw new ClientError(
        'temporal-unreachable',
        `Temporal's development server did not start (${log}):\n${tailOf(log)}`,
      );
    }
    await Promise.race([sleep(50), ended]);
  }
  return {
    pid: child.pid ?? 0,
    ended,
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(stopPatienceMs, undefined, { ref: false })]);
      if (!isGone(child)) child.kill('SIGKILL');
      await ended;
    },
  };
}

const isGone = ({ exitCode, signalCode, pid }: ChildProcess): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

function tailOf(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
}
