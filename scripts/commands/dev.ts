import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@temporalio/worker';
import { Option, type Command } from 'commander';
import {
  ClientError,
  connect,
  createQueue,
  readDevRecord,
  removeDevRecord,
  writeDevRecord,
  type Relaunch,
  type Settings,
} from '../../client/index.ts';
import { agentNameOf } from '../agent-name.ts';
import { baseEnvOf } from '../base-env.ts';
import { examples, settingsOf, withEntity, type Cli, type CommonFlags } from '../cli.ts';
import { takeDevLock } from '../dev/lock.ts';
import { stopOrphan } from '../dev/orphan.ts';
import { portOf, portOrFree } from '../dev/ports.ts';
import { startServer, type DevServer } from '../dev/server.ts';
import { stopRequests } from '../dev/stop-requests.ts';
import { untilNamespace } from '../dev/until-namespace.ts';
import { greet, sayGoodbye } from '../dev/words.ts';
import { logLevels, type LogLevel } from '../log-level.ts';
import { temporalCli } from '../temporal-binaries.ts';
import { maxJobsOf } from './agent.ts';

const queue = 'laptop';

type Flags = CommonFlags & { maxJobs: string; port: string; uiPort: string; logLevel: LogLevel };

export function addDev(program: Command, cli: Cli): void {
  const command = program
    .command('dev')
    .summary('everything on this machine')
    .description(
      `Starts a Temporal server with its Web UI, the control worker and one agent on queue "${queue}". Ctrl-C preempts its runs, ` +
        'which go on at the next `relaunch dev` (it counts as one of their requeues); a second Ctrl-C ends it at once.',
    )
    .option('-n, --max-jobs <n>', 'live runs at a time', '2')
    .option('--port <n>', 'of the Temporal server; another one where it is taken', '7233')
    .option('--ui-port <n>', 'of its Web UI; another one where it is taken', '8233')
    .addOption(new Option('--log-level <level>', 'of the workers, on stderr').choices(logLevels).default('error'));
  withEntity(command)
    .addHelpText('after', examples('relaunch dev', 'RELAUNCH_HOME=/tmp/try relaunch dev --max-jobs 4'))
    .action(() => dev(cli, command.optsWithGlobals()));
}

async function dev(cli: Cli, flags: Flags): Promise<void> {
  const maxJobs = maxJobsOf(flags.maxJobs);
  const { home, entity, storeUrl, queueDirectory, credentials, temporal } = settingsOf(cli, flags);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const unlock = await takeDevLock(home);
  const database = join(home, 'temporal.db');
  const stopping = stopRequests(cli);
  try {
    const left = readDevRecord(home);
    if (left !== undefined) await stopOrphan(left.serverPid, database);
    const [port, uiPort] = [
      await portOrFree(portOf('--port', flags.port)),
      await portOrFree(portOf('--ui-port', flags.uiPort)),
    ];
    const server = await startServer(await temporalCli(cli.env), home, { namespace: entity, port, uiPort, database });
    stopping.killFirst(server);
    const settings: Settings = {
      home,
      entity,
      storeUrl,
      queueDirectory,
      temporal: { address: `127.0.0.1:${String(port)}`, codec: temporal.codec },
      credentials,
      uiUrl: `http://127.0.0.1:${String(uiPort)}`,
    };
    try {
      await untilNamespace(settings);
      const relaunch = await connect(settings);
      try {
        await ensureQueue(relaunch);
        const { createLogger, withRuntime } = await import('../../workers/logger.ts');
        const logger = createLogger(flags.logLevel);
        await withRuntime(logger, () => work(cli, { relaunch, server, maxJobs, asked: stopping.asked }, logger));
      } finally {
        await relaunch.close();
      }
    } finally {
      removeDevRecord(home);
      await server.stop();
    }
  } finally {
    stopping.unlisten();
    await unlock();
  }
}

interface Work {
  relaunch: Relaunch;
  server: DevServer;
  maxJobs: number;
  /** Resolves when a signal asks to stop. */
  asked: Promise<void>;
}

async function work(cli: Cli, { relaunch, server, maxJobs, asked }: Work, logger: Logger): Promise<void> {
  const { settings } = relaunch;
  const { temporal, entity: namespace, home, storeUrl, queueDirectory, uiUrl = '' } = settings;
  const [{ startAgent }, { startControl }] = await Promise.all([
    import('../../workers/agent.ts'),
    import('../../workers/control.ts'),
  ]);
  const control = await startControl({ temporal, namespace, logger });
  const name = agentNameOf(hostname(), 'dev-');
  const agent = await startAgent({
    temporal,
    namespace,
    name,
    queues: [queue],
    maxJobs,
    home,
    storeUrl,
    queueDirectory,
    baseEnv: baseEnvOf(cli.env),
    git: { hosts: {}, env: cli.env },
    logger,
  });
  const broken = Promise.race([
    control.stopped.then(() =>
      Promise.reject(new ClientError('temporal-unreachable', 'the control worker stopped by itself')),
    ),
    agent.stopped.then(() => Promise.reject(new ClientError('temporal-unreachable', 'the agent stopped by itself'))),
    server.ended.then(() =>
      Promise.reject(
        new ClientError('temporal-unreachable', `the Temporal server ended by itself: see ${home}/dev-server.log`),
      ),
    ),
  ]);
  broken.catch(() => undefined);
  try {
    writeDevRecord(home, { address: temporal.address, uiUrl, namespace, pid: process.pid, serverPid: server.pid });
    greet(cli, settings, queue, maxJobs);
    await Promise.race([asked, broken]);
    agent.drain();
    await Promise.race([broken, sayGoodbye(cli, relaunch, name, () => agent.gate.live)]);
  } finally {
    agent.stop();
    await agent.stopped.catch(() => undefined);
    control.stop();
    await control.stopped.catch(() => undefined);
  }
}

async function ensureQueue({ store }: Relaunch): Promise<void> {
  try {
    await createQueue(store, queue, { backend: 'process' });
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'queue-exists')) throw error;
  }
}
