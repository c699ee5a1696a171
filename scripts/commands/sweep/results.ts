import type { Command } from 'commander';
import { trials, type TrialRow } from '../../../client/index.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags } from '../../cli.ts';
import { forDisplay } from '../../../store/display.ts';
import { paintState, plain, renderJson, renderTable } from '../../render.ts';

export function addSweepResults(sweep: Command, cli: Cli): void {
  const command = sweep
    .command('results')
    .summary('the trials of a sweep, with what they came to')
    .description('Shows every trial of a sweep: its configuration, its state, the last value of each metric.')
    .argument('<sweep>')
    .option('--csv', 'print comma-separated values');
  withJson(withEntity(command), 'print a JSON array')
    .addHelpText(
      'after',
      examples('relaunch sweep results digits-k3v7q2ma', 'relaunch sweep results --csv digits-k3v7q2ma > results.csv'),
    )
    .action(async (id: string) => {
      const flags: CommonFlags & { csv?: boolean } = command.optsWithGlobals();
      await connected(cli, flags, async (relaunch) => {
        const rows = await trials(relaunch, id);
        if (flags.json === true) cli.out.line(renderJson(rows, 2));
        else if (flags.csv === true) for (const line of csvOf(rows)) cli.out.line(line);
        else cli.out.line(renderTrials(rows));
      });
    });
}

/** Trials as lines of comma-separated values (RFC 4180); nested parameters have dots in their names. */
export function csvOf(rows: readonly TrialRow[]): string[] {
  const { parameters, metrics, cells } = columnsOf(rows);
  const head = ['trial', 'run', 'state', 'attempts', ...parameters, ...metrics];
  const lines = rows.map((row) => [String(row.index), row.run, row.state, String(row.attempts), ...cells(row)]);
  return [head, ...lines].map((line) => line.map((cell) => quoted(forDisplay(cell))).join(','));
}

/** Trials as a table. */
export function renderTrials(rows: readonly TrialRow[]): string {
  if (rows.length === 0) return 'no trials yet';
  const { parameters, metrics, cells } = columnsOf(rows);
  return renderTable(
    ['TRIAL', 'RUN', 'STATE', ...[...parameters, ...metrics].map((name) => plain(name).toUpperCase())],
    rows.map((row) => [
      String(row.index),
      plain(row.run),
      paintState(row.state),
      ...cells(row).map((cell) => plain(cell)),
    ]),
  );
}

function columnsOf(rows: readonly TrialRow[]): {
  parameters: string[];
  metrics: string[];
  cells(row: TrialRow): string[];
} {
  const flat = new Map(rows.map((row) => [row, new Map(leaves(row.config))]));
  const parameters = [...new Set([...flat.values()].flatMap((config) => [...config.keys()]))];
  const metrics = [...new Set(rows.flatMap(({ summary }) => Object.keys(summary)))];
  return {
    parameters,
    metrics,
    cells: (row) => [
      ...parameters.map((name) => flat.get(row)?.get(name) ?? ''),
      ...metrics.map((name) => String(row.summary[name]?.last ?? '')),
    ],
  };
}

function leaves(config: Record<string, unknown>, above = ''): [string, string][] {
  return Object.entries(config).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return leaves(value as Record<string, unknown>, `${above}${name}.`);
    return [[`${above}${name}`, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

/** A cell that a spreadsheet would take for a formula is one only in quotes, and stays text. */
function quoted(cell: string): string {
  const text = /^[=@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
