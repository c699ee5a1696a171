import type { Command } from 'commander';
import { stringify } from 'yaml';
import { describeJob, listJobs, type JobRow, type JobView } from '../../../client/index.ts';
import { examples, withEntity, withJson, type Cli, type CommonFlags, storeOf } from '../../cli.ts';
import { renderCommit } from '../../render-commit.ts';
import { plain, renderAge, renderFields, renderJson, renderTable, renderYaml } from '../../render.ts';

type Flags = CommonFlags & { project?: string };

export function addJobList(job: Command, cli: Cli): void {
  const command = job
    .command('list')
    .alias('ls')
    .summary('list jobs')
    .description('Lists the jobs in the store, with their versions and aliases.')
    .option('-p, --project <name>', 'only of this project');
  withJson(withEntity(command), 'print a JSON array')
    .addHelpText('after', examples('relaunch job list', 'relaunch job list -p vision --json'))
    .action(async () => {
      const flags: Flags = command.optsWithGlobals();
      const store = storeOf(cli, flags);
      const rows = await listJobs(store, flags);
      if (flags.json === true) cli.out.line(renderJson(rows, 2));
      else if (rows.length === 0) cli.out.line(`no jobs in ${store.url}. Create one with: relaunch job create`);
      else cli.out.line(renderJobs(rows));
    });
}

export function addJobDescribe(job: Command, cli: Cli): void {
  const command = job
    .command('describe')
    .alias('show')
    .summary('show a job')
    .description(
      'Shows a job: its versions and aliases, and what the one that is asked for is made of (default: the newest).',
    )
    .argument('<job>', '[project/]name[:alias|:vN]')
    .option('-p, --project <name>', 'where the name says none (default: uncategorized)');
  withJson(withEntity(command))
    .addHelpText(
      'after',
      examples('relaunch job describe vision/digits', 'relaunch job describe digits:v3 -p vision --json'),
    )
    .action(async (reference: string) => {
      const flags: Flags = command.optsWithGlobals();
      const view = await describeJob(storeOf(cli, flags), reference, flags.project);
      cli.out.line(flags.json === true ? renderJson(view, 2) : renderJob(view, Date.now()));
    });
}

/** Jobs as a table. */
export function renderJobs(rows: readonly JobRow[]): string {
  return renderTable(
    ['JOB', 'NEWEST', 'VERSIONS', 'ALIASES'],
    rows.map(({ project, name, newest, versions, aliases }) => [
      `${project}/${name}`,
      `v${String(newest)}`,
      String(versions),
      aliases === undefined ? 'damaged' : pairsOf(aliases),
    ]),
  );
}

const pairsOf = (aliases: Readonly<Record<string, number>>): string =>
  Object.entries(aliases)
    .map(([alias, version]) => `${plain(alias)} v${String(version)}`)
    .join(', ');

function sourceRow({ code, git, image }: JobView['record']['job']['source']): string[] {
  if (image !== undefined) return ['image', plain(image)];
  if (git === undefined) return ['code', plain(code?.dir ?? code?.digest)];
  return ['git', renderCommit(git)];
}

/** A job on a screen; `now` in ms. */
export function renderJob(view: JobView, now: number): string {
  const { project, name, version, record, aliases = {}, newest, versions } = view;
  const { source, ...rest } = record.job;
  const head = [
    ['job', `${project}/${name}:v${String(version)}`],
    ...(record.description === undefined ? [] : [['about', plain(record.description)]]),
    sourceRow(source),
    ['command', rest.entrypoint.map(plain).join(' ') || 'its own'],
  ];
  const labelsOf = (of: number): string =>
    [...(of === newest ? ['latest'] : []), ...Object.keys(aliases).filter((alias) => aliases[alias] === of)]
      .map(plain)
      .join(', ');
  const rows = versions.map(({ version: of, record: its }) => [
    `v${String(of)}`,
    labelsOf(of),
    plain(its?.by),
    its === undefined ? 'damaged' : `${renderAge(now - Date.parse(its.createdAt))} ago`,
  ]);
  const { entrypoint: _, ...defaults } = rest;
  const kept = Object.entries(defaults).filter(([, value]) => JSON.stringify(value) !== '{}');
  return [
    renderFields(head),
    ...(kept.length === 0 ? [] : [renderYaml(stringify(Object.fromEntries(kept)))]),
    renderTable(['VERSION', 'ALIASES', 'BY', 'CREATED'], rows),
  ].join('\n\n');
}
