import type { Command } from 'commander';
import { listSweeps, showSweep, type SweepEnd, type SweepRow } from '../../../client/index.ts';
import { connected, examples, pageOf, withEntity, withJson, type Cli, type CommonFlags } from '../../cli.ts';
import { describeSweep } from '../../follow-sweep.ts';
import { readLimit } from '../../read-limit.ts';
import { paintState, plain, renderAge, renderFields, renderJson, renderTable } from '../../render.ts';

export function addSweepList(sweep: Command, cli: Cli): void {
  const command = sweep
    .command('list')
    .alias('ls')
    .summary('list sweeps')
    .description('Lists sweeps, the newest first.')
    .option('-n, --limit <n>', 'at most this many', '50');
  withJson(withEntity(command), 'print a JSON array').action(async () => {
    const flags: CommonFlags & { limit: string } = command.optsWithGlobals();
    const limit = readLimit(flags.limit);
    await connected(cli, flags, async (relaunch) => {
      const rows = await listSweeps(relaunch, limit);
      cli.out.line(flags.json === true ? renderJson(rows, 2) : renderSweeps(rows, Date.now()));
    });
  });
}

export function addSweepShow(sweep: Command, cli: Cli): void {
  const command = sweep
    .command('show')
    .summary('show a sweep')
    .description('Shows a sweep: its state, how far it is, its best trial, why trials failed.')
    .argument('<sweep>');
  withJson(withEntity(command))
    .addHelpText(
      'after',
      examples(
        'relaunch sweep show digits-k3v7q2ma',
        'relaunch sweep show --json digits-k3v7q2ma | jq .progress.tally.best',
      ),
    )
    .action(async (id: string) => {
      const flags: CommonFlags = command.optsWithGlobals();
      await connected(cli, flags, async (relaunch) => {
        const view = await showSweep(relaunch, id);
        const page = pageOf(relaunch.settings, id);
        cli.out.line(flags.json === true ? renderJson({ ...view, page }, 2) : renderSweep(view, page, Date.now()));
      });
    });
}

/** Sweeps as a table; `now` in ms. */
export function renderSweeps(rows: readonly SweepRow[], now: number): string {
  if (rows.length === 0) return 'no sweeps';
  return renderTable(
    ['SWEEP', 'NAME', 'STATE', 'QUEUE', 'PROJECT', 'USER', 'AGE'],
    rows.map((row) => [
      plain(row.id),
      plain(row.name).slice(0, 40),
      paintState(row.state),
      plain(row.queue),
      plain(row.project).slice(0, 30),
      plain(row.user).slice(0, 30),
      renderAge(now - row.startedAt.getTime()),
    ]),
  );
}

/** A sweep on a screen; `now` in ms. */
export function renderSweep(
  { progress, ...row }: SweepRow & { progress: SweepEnd | undefined },
  page: string | undefined,
  now: number,
): string {
  const head = [
    ['sweep', plain(row.id)],
    ['name', plain(row.name)],
    ['state', progress === undefined ? paintState(row.state) : describeSweep(progress)],
    ...(progress?.failure === undefined
      ? []
      : [['why', `${plain(progress.failure.message)} [${plain(progress.failure.type)}]`]]),
    ['queue', plain(row.queue)],
    ['project', plain(row.project)],
    ['user', plain(row.user)],
    ['submitted', `${row.startedAt.toISOString()} (${renderAge(now - row.startedAt.getTime())} ago)`],
    ...(page === undefined ? [] : [['page', page]]),
  ];
  const parts = [renderFields(head)];
  if (progress === undefined && row.closedAt === undefined)
    parts.push('No control worker answers: how far it is cannot be told now.');
  if (progress !== undefined && progress.tally.failures.length > 0) {
    parts.push(
      renderTable(
        ['FAILED', 'WHY'],
        progress.tally.failures.map(({ run, message }) => [plain(run), plain(message).slice(0, 160)]),
      ),
    );
  }
  return parts.join('\n\n');
}
