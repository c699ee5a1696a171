import type { Command } from 'commander';
import {
  ClientError,
  plannedSweep,
  priorRuns,
  submitSweep,
  type Relaunch,
  type SweepSpecInput,
} from '../../../client/index.ts';
import { connected, examples, pageOf, several, withEntity, withJson, type Cli, type CommonFlags } from '../../cli.ts';
import { colours } from '../../colours.ts';
import { followSweep } from '../../follow-sweep.ts';
import { sourceOf, withGit, type SourceFlags } from '../../source-flags.ts';
import { readSweepFile } from '../../read-sweep.ts';
import { plain, renderJson } from '../../render.ts';
import { warnIfUnserved } from '../../warn-if-unserved.ts';
import { renderPlan } from './plan.ts';

interface Flags extends CommonFlags, SourceFlags {
  queue?: string;
  project?: string;
  name?: string;
  user?: string;
  numWorkers?: string;
  runCap?: string;
  seed?: string;
  priorRun?: string[];
  plan?: boolean;
  follow?: boolean;
}

export function addSweepStart(sweep: Command, cli: Cli): void {
  withGit(
    sweep
      .description(
        "Starts a sweep: a search over parameters that keeps a number of runs in flight until it is done. Takes W&B's sweep files.",
      )
      .argument('[file]', 'the sweep, in YAML or JSON')
      .option('-q, --queue <name>', 'where its runs wait')
      .option('-p, --project <name>', 'default: the file says, else uncategorized')
      .option('--name <name>', 'for people; default: the file says, else that of the script or program')
      .option('--user <name>', `who submits (default: ${cli.user})`)
      .option('--code <dir>', 'the directory to pack and run in (default: the file says, else the current one)'),
  )
    .option('-n, --num-workers <n>', "runs in flight at once (default: the file says, else the queue's, else 8)")
    .option('--run-cap <n>', 'at most so many runs in all')
    .option('--seed <n>', 'draws the same points again')
    .option('--prior-run <run>', 'a run whose point is not run again; repeatable', several)
    .option('--plan', 'show what would be run, and start nothing')
    .option('--follow', 'show its progress until it has ended');
  withJson(withEntity(sweep), 'print JSON: the sweep, or with --follow one line for each change')
    .addHelpText('after', help)
    .action(async (file: string | undefined) => {
      const flags: Flags = sweep.optsWithGlobals();
      if (file === undefined) throw new ClientError('bad-input', 'a sweep needs a file: relaunch sweep FILE -q QUEUE');
      await start(cli, file, flags);
    });
}

const help = `${examples(
  'relaunch sweep sweep.yaml -q laptop --follow',
  'relaunch sweep sweep.yaml -q laptop --num-workers 4 --plan',
  'relaunch sweep sweep.yaml -q gpu -u https://git.example/team/digits.git -g v1.2',
  'relaunch sweep results digits-k3v7q2ma --csv > results.csv',
)}

Exit code: 0 submitted, or with --follow succeeded; with --follow 1 failed, 3 cancelled,
130 stopped following by Ctrl-C (the sweep goes on); 2 bad input; 1 any other error.`;

async function start(cli: Cli, file: string, flags: Flags): Promise<void> {
  const { sweep: read, notes } = readSweepFile(file, cli.cwd, cli.env);
  const asked = withFlags(read, flags, cli);
  await connected(cli, flags, async (relaunch) => {
    const prior = await priorRuns(relaunch, flags.priorRun ?? []);
    const input = prior.length === 0 ? asked : { ...asked, prior };
    if (flags.plan === true) {
      const plan = await plannedSweep(relaunch, input);
      show(cli, [...notes, ...plan.notes]);
      cli.out.line(flags.json === true ? renderJson(plan, 2) : renderPlan(plan));
      return;
    }
    const sweep = await submitSweep(relaunch, input);
    show(cli, [...notes, ...sweep.notes]);
    announce(cli, relaunch, sweep, flags);
    await warnIfUnserved(cli, relaunch, sweep.queue);
    if (flags.follow === true) cli.exitWith(await followSweep(cli, relaunch, sweep.id, flags.json === true));
  });
}

/** What a flag says holds over what the file says. Fields are not checked here: the client does that, all at once. */
function withFlags(sweep: SweepSpecInput, flags: Flags, cli: Cli): SweepSpecInput {
  const { queue, project, user } = flags;
  const launch = sweep.launch as Partial<SweepSpecInput['launch']>;
  return {
    ...sweep,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.numWorkers === undefined ? {} : { numWorkers: number(flags.numWorkers) }),
    ...(flags.runCap === undefined ? {} : { runCap: number(flags.runCap) }),
    ...(flags.seed === undefined ? {} : { seed: number(flags.seed) }),
    launch: {
      ...launch,
      ...(queue === undefined ? {} : { queue }),
      ...(project === undefined ? {} : { project }),
      user: user ?? launch.user ?? cli.user,
      source: sourceOf(flags, launch.source, cli.cwd) ?? { code: { dir: cli.cwd } },
    } as SweepSpecInput['launch'],
  };
}

/** What is no number stays text, for the client to refuse it by its field's name. */
const number = (text: string): number => (/^\d+$/.test(text) ? Number(text) : (text as unknown as number));

function show(cli: Cli, notes: readonly string[]): void {
  for (const note of notes) cli.err.line(`${colours.yellow('note:')} ${plain(note)}`);
}

function announce(
  cli: Cli,
  { settings }: Relaunch,
  { id, queue, seed }: { id: string; queue: string; seed: number },
  { json, follow }: Flags,
): void {
  const page = pageOf(settings, id);
  if (json === true) {
    const shown = { id, queue, seed, ...(page === undefined ? {} : { page }) };
    cli.out.line(renderJson(follow === true ? { kind: 'submitted', ...shown } : shown));
    return;
  }
  const screen = follow === true ? cli.err : cli.out;
  screen.line(`submitted: ${colours.bold(id)}`);
  if (page !== undefined) screen.line(`  page:   ${page}`);
  if (follow !== true) screen.line(`  look:   relaunch sweep show ${id}`);
}
