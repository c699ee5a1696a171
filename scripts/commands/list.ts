import { Option, type Command } from 'commander';
import { list, type RunFilter, type RunRow } from '../../client/index.ts';
import { runStates } from '../../contracts/run-result.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags } from '../cli.ts';
import { readLimit } from '../read-limit.ts';
import { paintState, plain, renderAge, renderJson, renderTable } from '../render.ts';

type Flags = RunFilter & CommonFlags & { limit: string };

export function addList(program: Command, cli: Cli): void {
  const command = program
    .command('list')
    .alias('ls')
    .summary('list runs')
    .description('Lists runs, the newest first.')
    .option('-q, --queue <name>', 'only of this queue')
    .addOption(new Option('-s, --state <state>', 'only in this state').choices(runStates))
    .option('-p, --project <name>', 'only of this project')
    .option('-u, --user <name>', 'only of this user')
    .option('-t, --tag <tag>', 'only with this tag')
    .option('--sweep <sweep>', 'only trials of this sweep')
    .option('-j, --job <job>', 'only of this job, such as vision/digits')
    .option('--query <query>', "more, in Temporal's query language")
    .option('-n, --limit <n>', 'at most this many', '50');
  withJson(withEntity(command), 'print a JSON array')
    .addHelpText(
      'after',
      examples(
        'relaunch list -q laptop -s running',
        'relaunch list --sweep digits-k3v7q2ma -s failed',
        'relaunch list --query "StartTime > \'2026-11-01T00:00:00Z\'"',
      ),
    )
    .action(async () => {
      const flags: Flags = command.optsWithGlobals();
      const limit = readLimit(flags.limit);
      await connected(cli, flags, async (relaunch) => {
        const rows = await list(relaunch, flags, limit);
        cli.out.line(flags.json === true ? renderJson(rows, 2) : renderRuns(rows, Date.now()));
      });
    });
}

/** Runs as a table; `now` in ms. */
export function renderRuns(rows: readonly RunRow[], now: number): string {
  if (rows.length === 0) return 'no runs';
  return renderTable(
    ['RUN', 'NAME', 'STATE', 'ATTEMPT', 'QUEUE', 'PROJECT', 'USER', 'AGE'],
    rows.map((row) => [
      plain(row.workflowId),
      plain(row.name).slice(0, 40),
      paintState(row.state),
      String(row.attempt ?? ''),
      plain(row.queue),
      plain(row.project).slice(0, 30),
      plain(row.user).slice(0, 30),
      renderAge(now - row.startedAt.getTime()),
    ]),
  );
}
