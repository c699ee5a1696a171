import { hostname } from 'node:os';
import { Option, type Command } from 'commander';
import { labelValue } from '../../contracts/names.ts';
import { ClientError } from '../../client/index.ts';
import { agentNameOf } from '../agent-name.ts';
import { forDisplay } from '../../store/display.ts';
import { colours } from '../colours.ts';
import { readAgentFile } from '../read-agent-file.ts';
import { baseEnvOf } from '../base-env.ts';
import { examples, settingsOf, several, withEntity, type Cli, type CommonFlags } from '../cli.ts';
import { logLevels, type LogLevel } from '../log-level.ts';
import { addAgents } from './agent/agents.ts';
import { secretsOf } from '../agent-secrets.ts';
import { runWorker } from '../run-worker.ts';

type Flags = CommonFlags & { config?: string; queue?: string[]; maxJobs?: string; name?: string; logLevel: LogLevel };

export function addAgent(program: Command, cli: Cli): void {
  const command = program
    .command('agent')
    .summary('serve queues from this machine')
    .description(
      'Serves queues: starts their runs and follows them. SIGTERM stops it; its runs go on, and it finds them again.',
    )
    .option(
      '-c, --config <file>',
      "the agent's file in YAML: name, queues, maxJobs, docker, kubernetes, builder, registries, git, secrets; flags win over it",
    )
    .option('-q, --queue <name>', 'a queue to serve; repeatable', several)
    .option('-n, --max-jobs <n>', 'live runs at a time, over all its queues; -1: as many as come (default: 1)')
    .option('--name <name>', "what it is called, one living agent each (default: the host's name)")
    .addOption(new Option('--log-level <level>').choices(logLevels).default('info'));
  withEntity(command)
    .addHelpText(
      'after',
      examples(
        'relaunch agent -q laptop --max-jobs 2',
        'relaunch agent -q a100 -q h100 --max-jobs 8 --name rack-3',
        'relaunch agent -c agent.yaml',
      ),
    )
    .action(() => serve(cli, command.optsWithGlobals()));
  addAgents(command, cli);
}

async function serve(cli: Cli, flags: Flags): Promise<void> {
  const spec =
    flags.config === undefined
      ? {}
      : readAgentFile(flags.config, cli.cwd, (text) => {
          cli.err.line(`${colours.yellow('note:')} ${forDisplay(text)}`);
        });
  for (const queue of flags.queue ?? []) checkLabel('--queue', queue);
  const queues = [...new Set(flags.queue ?? spec.queues ?? [])];
  if (queues.length === 0) {
    throw new ClientError('bad-input', 'an agent needs a queue to serve: --queue, or queues in its file');
  }
  const name = flags.name ?? spec.name ?? agentNameOf(hostname());
  checkLabel('--name', name);
  const settings = settingsOf(cli, flags);
  const maxJobs = flags.maxJobs === undefined ? (spec.maxJobs ?? 1) : maxJobsOf(flags.maxJobs);
  const [{ startAgent }, { createLogger, withRuntime }] = await Promise.all([
    import('../../workers/agent.ts'),
    import('../../workers/logger.ts'),
  ]);
  const logger = createLogger(flags.logLevel);
  await withRuntime(logger, () =>
    runWorker(settings, cli.env, logger, (signal) =>
      startAgent({
        temporal: settings.temporal,
        namespace: settings.entity,
        name,
        queues,
        maxJobs: maxJobs === -1 ? Infinity : maxJobs,
        home: settings.home,
        storeUrl: settings.storeUrl,
        queueDirectory: settings.queueDirectory,
        baseEnv: baseEnvOf(cli.env),
        docker: {
          host: spec.docker?.host ?? (cli.env['DOCKER_HOST'] || undefined),
          configDirectory: cli.env['DOCKER_CONFIG'] || undefined,
        },
        kubernetes: spec.kubernetes,
        builder: spec.builder,
        registries: spec.registries,
        git: { hosts: spec.git ?? {}, env: cli.env },
        secrets: secretsOf(spec.secrets, cli.env),
        logger,
        signal,
      }),
    ),
  );
}

/** @throws ClientError bad-input */
export function maxJobsOf(text: string): number {
  if (/^([1-9]\d{0,4}|-1)$/.test(text)) return Number(text);
  throw new ClientError('bad-input', `--max-jobs is ${JSON.stringify(text)}: 1 to 99999, or -1 for as many as come`);
}

function checkLabel(flag: string, value: string): void {
  const { success, error } = labelValue.safeParse(value);
  if (!success)
    throw new ClientError('bad-input', `${flag} is ${JSON.stringify(value)}: ${error.issues[0]?.message ?? ''}`);
}
