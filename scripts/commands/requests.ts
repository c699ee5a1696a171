import type { Command } from 'commander';
import { cancel, preempt } from '../../client/index.ts';
import { connected, examples, withEntity, type Cli, type CommonFlags } from '../cli.ts';
import { complaintOf } from '../complaint.ts';

type Flags = CommonFlags & { by: string; reason?: string };

/** `cancel` and `preempt`: what one asks of runs. */
export function addRequests(program: Command, cli: Cli): void {
  add(program, cli, {
    name: 'cancel',
    summary: 'end runs',
    description: 'Ends runs, whatever they do: TERM, the grace period, KILL. They are not requeued.',
    send: cancel,
    said: 'cancelling',
  });
  add(program, cli, {
    name: 'preempt',
    summary: "give runs' machines back",
    description:
      'Gives the machines of runs back: TERM, the grace period, KILL. They go on from the back of their queue, which counts as a requeue.',
    send: preempt,
    said: 'preempting',
  });
}

interface RequestCommand {
  name: string;
  summary: string;
  description: string;
  send: typeof cancel;
  said: string;
}

function add(program: Command, cli: Cli, { name, summary, description, send, said }: RequestCommand): void {
  const command = program
    .command(name)
    .summary(summary)
    .description(description)
    .argument('<run...>')
    .option('--by <name>', 'who asks', cli.user)
    .option('--reason <text>', 'why; shown with the run');
  withEntity(command)
    .addHelpText('after', examples(`relaunch ${name} train-py-k3v7q2ma --reason "wrong data"`))
    .action(async (runs: string[]) => {
      const flags: Flags = command.optsWithGlobals();
      await connected(cli, flags, async (relaunch) => {
        const request = { by: flags.by, ...(flags.reason === undefined ? {} : { reason: flags.reason }) };
        for (const run of runs) {
          try {
            await send(relaunch, run, request);
            cli.out.line(`${said} ${run}`);
          } catch (error) {
            // The others are still told.
            const { lines, code } = complaintOf(error, false);
            for (const line of lines) cli.err.line(line);
            cli.exitWith(code);
          }
        }
      });
    });
}
