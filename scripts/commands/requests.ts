import type { Command } from 'commander';
import { cancel, ClientError, list, preempt, remove, type Relaunch } from '../../client/index.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags } from '../cli.ts';
import { complaintOf } from '../complaint.ts';
import { renderJson } from '../render.ts';

type Flags = CommonFlags & { by: string; reason?: string; query?: string; yes?: boolean };

/** `cancel`, `preempt` and `delete`: what one asks of runs. */
export function addRequests(program: Command, cli: Cli): void {
  add(program, cli, {
    name: 'cancel',
    summary: 'end runs',
    description: 'Ends runs, whatever they do: TERM, the grace period, KILL. They are not requeued.',
    send: cancel,
    said: 'cancelling',
    open: true,
  });
  add(program, cli, {
    name: 'preempt',
    summary: "give runs' machines back",
    description:
      'Gives the machines of runs back: TERM, the grace period, KILL. They go on from the back of their queue, which counts as a requeue.',
    send: preempt,
    said: 'preempting',
    open: true,
  });
  add(program, cli, {
    name: 'delete',
    summary: 'end runs and remove all there is of them',
    description:
      'Deletes runs: cancels those that go on, waits for their end, has Temporal delete them (in the background). An agent of their queue then removes records, logs and checkpoints.',
    send: remove,
    said: 'deleting',
    open: false,
  });
}

interface RequestCommand {
  name: string;
  summary: string;
  description: string;
  send: typeof cancel;
  said: string;
  /** Only runs that go on can be asked. The others are deleted for good, so that many of them want a second word. */
  open: boolean;
}

function add(program: Command, cli: Cli, request: RequestCommand): void {
  const { name, summary, description, open } = request;
  const command = program
    .command(name)
    .summary(summary)
    .description(description)
    .argument('[run...]')
    .option('--query <query>', `all ${open ? 'open ' : ''}runs that match, in Temporal's query language`)
    .option('--by <name>', 'who asks', cli.user)
    .option('--reason <text>', 'why; shown with the run');
  if (!open) command.option('-y, --yes', 'needed with --query');
  withJson(withEntity(command), 'print a JSON array of the runs that were told')
    .addHelpText(
      'after',
      examples(
        `relaunch ${name} train-py-k3v7q2ma --reason "wrong data"`,
        `relaunch ${name} --query "RelaunchProject = 'vision' AND RelaunchUser = 'ada'"${open ? '' : ' --yes'}`,
      ),
    )
    .action(async (runs: string[]) => {
      const flags: Flags = command.optsWithGlobals();
      if ((runs.length === 0) === (flags.query === undefined)) {
        throw new ClientError('bad-input', `${name} wants runs, or --query, and not both`);
      }
      await connected(cli, flags, async (relaunch) => {
        const all = flags.query === undefined ? runs : await matching(relaunch, flags.query, open);
        if (!open && flags.query !== undefined && flags.yes !== true) {
          const message = `${String(all.length)} runs match --query: look at them with \`relaunch list --query\`, then repeat with --yes`;
          throw new ClientError('bad-input', message);
        }
        await tellAll(cli, relaunch, all, request, flags);
      });
    });
}

async function matching(relaunch: Relaunch, query: string, open: boolean): Promise<string[]> {
  const status = open ? ` AND ExecutionStatus = 'Running'` : '';
  const rows = await list(relaunch, { query: `(${query})${status}` }, Number.MAX_SAFE_INTEGER);
  return rows.map(({ workflowId }) => workflowId);
}

/** Deleting waits for each run's end: many at a time, but not so many that the server feels it. */
const atOnce = 20;

async function tellAll(
  cli: Cli,
  relaunch: Relaunch,
  runs: readonly string[],
  { send, said }: RequestCommand,
  flags: Flags,
): Promise<void> {
  const request = { by: flags.by, ...(flags.reason === undefined ? {} : { reason: flags.reason }) };
  const left = [...runs];
  const told: string[] = [];
  const tell = async (): Promise<void> => {
    for (let run = left.shift(); run !== undefined; run = left.shift()) {
      try {
        await send(relaunch, run, request);
        told.push(run);
        if (flags.json !== true) cli.out.line(`${said} ${run}`);
      } catch (error) {
        // The others are still told.
        const { lines, code } = complaintOf(error, false);
        for (const line of lines) cli.err.line(line);
        cli.exitWith(code);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, tell));
  if (flags.json === true) cli.out.line(renderJson(told, 2));
  else if (runs.length === 0) cli.out.line('no runs match');
}
