import { resolve } from 'node:path';
import type { Command } from 'commander';
import { createJob, type CreatedJob, type JobSpecInput } from '../../../client/index.ts';
import { examples, several, withEntity, withJson, type Cli, type CommonFlags, storeOf } from '../../cli.ts';
import { colours } from '../../colours.ts';
import { jobFromFlags, namingFromFlags, type JobFlags } from '../../job-flags.ts';
import { renderJson } from '../../render.ts';

export function addJobCreate(job: Command, cli: Cli): void {
  const create = job
    .command('create')
    .summary('create a job, or its next version')
    .description('Creates a job, or its next version. The same content again is the same version.');
  addKind(create, cli, {
    kind: 'code',
    argument: '<dir>',
    about: 'a directory of code, packed and uploaded',
    source: (dir) => ({ code: { dir: resolve(cli.cwd, dir) } }),
    shown: [
      'relaunch job create code ./digits -p vision -n digits -E "python train.py" -a prod',
      'relaunch job create code . -n digits --run-config defaults.yaml --schema inputs.json',
      'relaunch job create code . -n digits -B registry.example/torch:2.9 -E "python train.py"',
    ],
  });
  const git = addKind(create, cli, {
    kind: 'git',
    argument: '<url>',
    about: "a commit of a repository, found by this user's git",
    source: (url, { gitVersion: ref, submodules }) => ({
      git: { url, ...(ref === undefined ? {} : { ref }), ...(submodules === undefined ? {} : { submodules }) },
    }),
    shown: [
      'relaunch job create git https://git.example/team/digits.git -g v1.2 -n digits -E "python train.py"',
      'relaunch job create git git@git.example:team/digits.git -n digits -D docker/Dockerfile --submodules',
    ],
  });
  git
    .option('-g, --git-version <ref>', 'its branch, tag or commit (default: main, else master)')
    .option('--submodules', 'with those of the commit (default: without)');
  addKind(create, cli, {
    kind: 'image',
    argument: '<image>',
    about: 'an image that is there; nothing is uploaded',
    source: (image) => ({ image }),
    shown: ['relaunch job create image registry.example/team/train:v3.1 -p vision -n train -a prod'],
  });
}

interface Kind {
  kind: string;
  argument: string;
  about: string;
  source(written: string, flags: Flags): JobSpecInput['source'];
  shown: string[];
}

type Flags = JobFlags & CommonFlags & { gitVersion?: string; submodules?: boolean };

function addKind(create: Command, cli: Cli, { kind, argument, about, source, shown }: Kind): Command {
  const command = create
    .command(kind)
    .summary(about)
    .description(`Creates a job of ${about}.`)
    .argument(argument)
    .option('-p, --project <name>', 'default: uncategorized')
    .option('-n, --name <name>', `default: job-${kind === 'image' ? '' : `${kind}-`}... of what it is made of`)
    .option('-d, --description <text>', 'for people')
    .option('-a, --alias <alias>', 'leads to this version from now on; repeatable', several)
    .option('--user <name>', `who creates it (default: ${cli.user})`)
    .option('-E, --entry-point <command>', 'what its launches run, split as a shell does');
  if (kind !== 'image') addImageOptions(command);
  command
    .option('--run-config <json|file>', 'the configuration of its launches, unless they say otherwise')
    .option('--set <key=value>', 'a value of it; JSON or text, dots nest; repeatable', several)
    .option('--schema <json|file>', "what a launch's configuration may be: W&B's part of JSON Schema")
    .option('--file-schema <path=json|file>', "the same for a launch's patches of a file; repeatable", several)
    .option('-s, --service <name=policy>', 'always or never; kept, nothing is started for it; repeatable', several);
  withJson(withEntity(command), 'print JSON: the version')
    .addHelpText('after', examples(...shown))
    .action(async (written: string) => {
      const flags: Flags = command.optsWithGlobals();
      const spec = jobFromFlags(source(written, flags), flags, cli.cwd);
      const store = storeOf(cli, flags);
      announce(cli, await createJob(store, spec, namingFromFlags(flags, cli.user)), flags.json === true);
    });
  return command;
}

function addImageOptions(command: Command): void {
  command
    .option('-D, --dockerfile <path>', "builds the image by this Dockerfile, counted from the build's context")
    .option('-B, --base-image <name>', 'builds nothing: the code is mounted on this image')
    .option('-b, --build-context <dir>', 'the directory of the code that the build gets (default: all of it)')
    .option('--working-dir <dir>', 'where the command starts, within the code')
    .option('-r, --runtime <version>', 'of Python (default: runtime.txt, .python-version, else 3.12)')
    .option('--accelerator-image <name>', 'the base of a generated image, such as one with CUDA');
}

function announce(cli: Cli, created: CreatedJob, json: boolean): void {
  const { id, version, isNew, aliases, notes } = created;
  for (const note of notes) cli.err.line(`${colours.yellow('note:')} ${note}`);
  if (json) {
    cli.out.line(renderJson(created));
    return;
  }
  const what = isNew ? (version === 0 ? 'created' : 'new version') : 'no changes';
  const also = aliases.length === 0 ? '' : ` (${aliases.join(', ')})`;
  cli.out.line(`${what}: ${colours.bold(id)}${also}`);
  cli.out.line(`  launch: relaunch launch -q QUEUE -j ${id}`);
}
