import type { Command } from 'commander';
import { colours } from '../colours.ts';
import { ClientError, logs, type AttemptLine, type LogOptions } from '../../client/index.ts';
import { forDisplay } from '../../store/display.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags } from '../cli.ts';
import { exitCode } from '../complaint.ts';
import { renderJson } from '../render.ts';
import { textOf } from '../log-text.ts';

type Flags = CommonFlags & { follow?: boolean; attempt?: string; build?: boolean; timestamps?: boolean };

export function addLogs(program: Command, cli: Cli): void {
  const command = program
    .command('logs')
    .summary("print a run's lines")
    .description('Prints what a run has written, over all its attempts.')
    .argument('<run>')
    .option('-f, --follow', 'go on until the run has ended')
    .option('-a, --attempt <n>', 'only of this attempt')
    .option('--build', 'what the build of its image has written instead')
    .option('-t, --timestamps', 'with the time before each line');
  withJson(withEntity(command), 'print one JSON line for each line')
    .addHelpText(
      'after',
      examples(
        'relaunch logs -f train-py-k3v7q2ma',
        'relaunch logs --attempt 2 train-py-k3v7q2ma',
        'relaunch logs --build -f train-py-k3v7q2ma',
      ),
    )
    .action((run: string) => print(cli, run, command.optsWithGlobals()));
}

async function print(cli: Cli, run: string, flags: Flags): Promise<void> {
  const attempt: LogOptions['attempt'] = flags.build === true ? 'build' : attemptOf(flags.attempt);
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  if (flags.follow === true) process.once('SIGINT', interrupt);
  await connected(cli, flags, async (relaunch) => {
    const options = { attempt, follow: flags.follow === true, signal: stop.signal };
    let before: AttemptLine['attempt'] | undefined;
    for await (const line of logs(relaunch, run, options)) {
      if (flags.json !== true && before !== undefined && line.attempt !== before)
        cli.err.line(colours.dim(`relaunch: attempt ${String(line.attempt)}`));
      before = line.attempt;
      cli.out.line(flags.json === true ? renderJson(asJson(line)) : timedTextOf(line, flags.timestamps === true));
    }
  });
  process.off('SIGINT', interrupt);
  if (stop.signal.aborted) cli.exitWith(exitCode.interrupted);
}

function timedTextOf({ line }: AttemptLine, timestamps: boolean): string {
  return `${timestamps ? `${colours.dim(forDisplay(line.t))} ` : ''}${textOf(line)}`;
}

function asJson({ attempt, line }: AttemptLine): unknown {
  return { attempt, ...line, cursor: undefined };
}

function attemptOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,5}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new ClientError('bad-input', `--attempt is ${JSON.stringify(text)}: attempts are numbered from 1`);
}
