import { Command } from 'commander';
import { examples, type Cli } from './cli.ts';
import { addAgent } from './commands/agent.ts';
import { addCodecServer } from './commands/codec-server.ts';
import { addControl } from './commands/control.ts';
import { addDev } from './commands/dev.ts';
import { addJob } from './commands/job.ts';
import { addLaunch } from './commands/launch.ts';
import { addList } from './commands/list.ts';
import { addLogs } from './commands/logs.ts';
import { addQueue } from './commands/queue.ts';
import { addRequests } from './commands/requests.ts';
import { addShow } from './commands/show.ts';
import { addSweep } from './commands/sweep.ts';

/** The command `relaunch` with all of its subcommands. Throws instead of ending the process. */
export function programOf(cli: Cli): Command {
  const program = new Command('relaunch')
    .description('Starts jobs on machines that may be taken away, and sees each of them to its end.')
    .version(cli.version, '--version')
    .option('-e, --entity <name>', 'the team, a namespace of Temporal (default: TEMPORAL_NAMESPACE, else "default")')
    .option('--json', 'print JSON')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        cli.out.raw(text);
      },
      writeErr: (text) => {
        cli.err.raw(text);
      },
    })
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', help);
  for (const add of [
    addLaunch,
    addList,
    addShow,
    addLogs,
    addRequests,
    addSweep,
    addJob,
    addQueue,
    addAgent,
    addControl,
    addDev,
    addCodecServer,
  ])
    add(program, cli);
  return program;
}

const help = `${examples(
  'relaunch dev                                        # everything on this machine, in one terminal',
  'relaunch launch -q laptop -E "python train.py" --follow   # in another',
)}

Environment: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*, TEMPORAL_PROFILE (as Temporal's own tools),
RELAUNCH_HOME, RELAUNCH_CODEC_KEY_FILE, RELAUNCH_STORE, AWS_* (of a store on S3), RELAUNCH_UI, NO_COLOR, RELAUNCH_DEBUG (errors with their stack).`;
