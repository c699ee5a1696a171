import { Option, type Command } from 'commander';
import { examples, settingsOf, withEntity, type Cli, type CommonFlags } from '../cli.ts';
import { logLevels, type LogLevel } from '../log-level.ts';
import { runWorker } from '../run-worker.ts';

export function addControl(program: Command, cli: Cli): void {
  const command = program
    .command('control')
    .summary('run the workflows')
    .description(
      'Runs the workflows of an entity and registers their search attributes. SIGTERM stops it; runs wait until one is back.',
    )
    .addOption(new Option('--log-level <level>').choices(logLevels).default('info'));
  withEntity(command)
    .addHelpText('after', examples('relaunch control --entity vision'))
    .action(async () => {
      const flags: CommonFlags & { logLevel: LogLevel } = command.optsWithGlobals();
      const settings = settingsOf(cli, flags);
      const [{ startControl }, { createLogger, withRuntime }] = await Promise.all([
        import('../../workers/control.ts'),
        import('../../workers/logger.ts'),
      ]);
      const logger = createLogger(flags.logLevel);
      await withRuntime(logger, () =>
        runWorker(settings, cli.env, logger, () =>
          startControl({ temporal: settings.temporal, namespace: settings.entity, logger }),
        ),
      );
    });
}
