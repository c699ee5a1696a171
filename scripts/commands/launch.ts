import { Option, type Command } from 'commander';
import { colours } from '../colours.ts';
import { ClientError, submit, type Relaunch, type Run } from '../../client/index.ts';
import { jobOf } from '../../contracts/wandb.ts';
import { connected, examples, pageOf, several, withEntity, withJson, type Cli, type CommonFlags } from '../cli.ts';
import { followRun } from '../follow-run.ts';
import { specFromFlags, type LaunchFlags } from '../launch-flags.ts';
import { readLaunchConfig } from '../read-launch-config.ts';
import { readJsonOrFile, readYamlFile } from '../read-input.ts';
import { plain, renderJson } from '../render.ts';
import { withGit } from '../source-flags.ts';
import { warnIfUnserved } from '../warn-if-unserved.ts';

type Flags = LaunchFlags &
  CommonFlags & { config?: string; file?: string; resourceArgs?: string; key?: string; follow?: boolean };

export function addLaunch(program: Command, cli: Cli): void {
  const command = withGit(
    program
      .command('launch')
      .summary('submit a run')
      .description('Submits a run to a queue. Without a source, an entry point means the current directory.')
      .argument('[command...]', 'the command, after --')
      .option('-q, --queue <name>', 'where it waits')
      .option('-E, --entry-point <command>', 'the command in one text, split as a shell does')
      .option('-p, --project <name>', "default: that of the job's name, else uncategorized")
      .option(
        '-c, --config <json|file>',
        'as W&B writes it: overrides, {"args": [], "run_config": {}, "entrypoint": []}, or a whole launch',
      )
      .option('-P, --priority <word>', 'critical, high, medium (default) or low')
      .option('-f, --file <file>', 'a launch spec in YAML; flags win over it')
      .option('--code <dir>', 'the directory to pack and run in'),
  )
    .option('-d, --docker-image <name>', 'the image to run, where the queue runs images; a job is recorded of it')
    .option('-j, --job <job>', 'a job, [project/]name[:alias|:vN]; what is said here holds over what it says')
    .option('-D, --dockerfile <path>', "builds the image by this Dockerfile, counted from the build's context")
    .option('-B, --base-image <name>', 'builds nothing: the code is mounted on this image, which has all that it needs')
    .option('--build-context <dir>', 'the directory of the code that the build gets (default: all of it)')
    .option('--working-dir <dir>', 'where the command starts, within the code')
    .option(
      '--runtime <version>',
      'of Python, for a generated image (default: runtime.txt, .python-version, else 3.12)',
    )
    .option('--accelerator-image <name>', "the base of a generated image, such as one with CUDA (default: the queue's)")
    .option('--set <key=value>', 'a value of the run configuration; JSON or text, dots nest; repeatable', several)
    .option(
      '--config-as-args [form]',
      "hands the run configuration over as arguments too: args (--lr=0.1), args_no_hyphens (lr=0.1) and W&B's others",
    )
    .option('--env <KEY=VALUE>', 'a variable of the environment; repeatable', several)
    .option(
      '--secret <KEY=NAME>',
      'a secret that the queue lets its runs name, as a file with its path in KEY_FILE; NAME:env: in KEY itself; repeatable',
      several,
    )
    .option('--var <name=value>', 'a variable of the queue; repeatable', several)
    .addOption(new Option('-v, --set-var <name=value>', "W&B's word for --var").argParser(several).hideHelp())
    .option(
      '-R, --resource-args <json|file>',
      'over what the queue has for its backend, as far as it lets you: {"docker": {"shm-size": "8g"}}',
    )
    .option('--cpu <cores>', 'such as 4 or 500m')
    .option('--memory <size>', 'such as 16Gi')
    .option('--gpu <n>', 'how many')
    .option('--name <name>', 'for people; default: that of the script or program')
    .option('--key <key>', 'the same project and key are the same run: a second launch starts nothing')
    .option('--tag <tag>', 'repeatable', several)
    .option('--user <name>', `who submits (default: ${cli.user})`)
    .option('--requeue-max <n>', 'requeues after preemptions, 0 to 5')
    .option('--retries <n>', 'new attempts after failures of the job itself (default: 0)')
    .option('--grace-period <time>', 'between TERM and KILL, such as 90s')
    .option('--timeout-queue <time>', 'how long it may wait for a place, such as 7d')
    .option('--timeout-start <time>', 'how long from a place to running')
    .option('--timeout-run <time>', 'how long it may run')
    .option('--follow', 'show its lines and states until it has ended');
  withJson(withEntity(command), 'print JSON: the run, or with --follow one line for each event')
    .addHelpText('after', help)
    .action((words: string[]) => launch(cli, words, command.optsWithGlobals()));
}

const help = `${examples(
  'relaunch launch -q laptop -E "python train.py --lr 0.1" --follow',
  'relaunch launch -q laptop --code ./digits --set epochs=20 --set optim.name=adam -- python train.py',
  'relaunch launch -q gpu -u https://git.example/team/digits.git -g v1.2 -E "python train.py"',
  'relaunch launch -q gpu -d registry.example/train:v3 -E "python train.py"',
  'relaunch launch -q gpu -j vision/digits:prod --set epochs=20 --follow',
  'relaunch launch -q gpu -d registry.example/train:v3 --secret HF_TOKEN=hugging-face:env',
  'relaunch launch -q gpu --code ./digits -D ./Dockerfile --follow',
  'relaunch launch -q gpu --code ./digits -B registry.example/torch:2.9 -E "python train.py"',
  'relaunch launch -f launch.yaml --key nightly-2026-11-05',
)}

Exit code: 0 submitted, or with --follow succeeded; with --follow 1 failed or timed out, 3 cancelled,
130 stopped following by Ctrl-C (the run goes on); 2 bad input; 1 any other error.`;

async function launch(cli: Cli, command: string[], flags: Flags): Promise<void> {
  if (command.length > 0 && !cli.argv.includes('--')) {
    throw new ClientError(
      'bad-input',
      `${JSON.stringify(command[0])} is no option: put the command after --, or into --entry-point.`,
    );
  }
  const config = flags.config === undefined ? undefined : readLaunchConfig(readJsonOrFile(flags.config, cli.cwd));
  const spec = specFromFlags({
    flags,
    command,
    file: flags.file === undefined ? undefined : readYamlFile(flags.file, cli.cwd),
    config,
    resourceArgs: flags.resourceArgs === undefined ? undefined : readJsonOrFile(flags.resourceArgs, cli.cwd),
    cwd: cli.cwd,
    user: cli.user,
  });
  await connected(cli, flags, async (relaunch) => {
    const run = await submit(relaunch, spec, { key: flags.key });
    const { entity } = jobOf(flags.job ?? '');
    if (entity !== undefined && entity !== relaunch.settings.entity)
      run.notes.push(`entity ${JSON.stringify(entity)} is not taken from the name of the job: say --entity`);
    run.notes.push(...(config?.notes ?? []).map((each) => `--config: ${each}`));
    announce(cli, relaunch, run, flags);
    await warnIfUnserved(cli, relaunch, run.queue);
    if (flags.follow === true) cli.exitWith(await followRun(cli, relaunch, run.workflowId, flags.json === true));
  });
}

function announce(cli: Cli, { settings }: Relaunch, run: Run, { json, follow }: Flags): void {
  for (const note of run.notes) cli.err.line(`${colours.yellow('note:')} ${plain(note)}`);
  const page = pageOf(settings, run.workflowId);
  if (json === true) {
    const { id, workflowId, queue, attached, job } = run;
    const shown = { id, workflowId, queue, attached, ...(job === undefined ? {} : { job }) };
    cli.out.line(
      renderJson({
        ...(follow === true ? { kind: 'submitted' } : {}),
        ...shown,
        ...(page === undefined ? {} : { page }),
      }),
    );
    return;
  }
  // With --follow stdout is the job's.
  const screen = follow === true ? cli.err : cli.out;
  screen.line(`${run.attached ? 'same key, the run is there already' : 'submitted'}: ${colours.bold(run.id)}`);
  if (page !== undefined) screen.line(`  page:   ${page}`);
  if (run.job !== undefined) screen.line(`  job:    ${run.job}`);
  if (follow !== true) screen.line(`  follow: relaunch logs -f ${run.workflowId}`);
}
