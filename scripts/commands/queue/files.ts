import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { z } from 'zod';
import {
  applyQueue,
  ClientError,
  deleteQueue,
  queueText,
  saveQueue,
  type AppliedQueue,
  type QueueFile,
} from '../../../client/index.ts';
import { RelaunchError } from '../../../contracts/failures.ts';
import { queueSpec } from '../../../contracts/queue-spec.ts';
import { parseQueue } from '../../../store/queues.ts';
import type { Store } from '../../../store/store.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags, storeOf } from '../../cli.ts';
import { exitCode } from '../../complaint.ts';
import { readText } from '../../read-input.ts';
import { forDisplay } from '../../../store/display.ts';
import { plain, renderJson } from '../../render.ts';

/** `queue validate`, `queue apply`, `queue edit`, `queue delete`, `queue schema`. */
export function addFiles(queue: Command, cli: Cli): void {
  addValidate(queue, cli);
  addApply(queue, cli);
  addEdit(queue, cli);
  addDelete(queue, cli);
  addSchema(queue, cli);
}

function addValidate(queue: Command, cli: Cli): void {
  const command = queue
    .command('validate')
    .summary('check files of queues')
    .description(
      'Checks files of queues, without a server or a store. What only a backend knows of its arguments its agents check, as they start.',
    )
    .argument('<file...>');
  withJson(command, 'print a JSON array: of each file what is wrong').action((files: string[]) => {
    const { json }: CommonFlags = command.optsWithGlobals();
    const checked = files.map((file) => ({ file, wrong: wrongWith(readText(file, cli.cwd), file) }));
    if (json === true) cli.out.line(renderJson(checked, 2));
    else
      for (const { file, wrong = `${file} is a queue` } of checked)
        for (const line of wrong.split('\n')) cli.out.line(forDisplay(line));
    if (checked.some(({ wrong }) => wrong !== undefined)) cli.exitWith(exitCode.badInput);
  });
}

function wrongWith(text: string, file: string): string | undefined {
  try {
    parseQueue(text, file);
    return undefined;
  } catch (error) {
    if (error instanceof RelaunchError) return error.message;
    throw error;
  }
}

function addApply(queue: Command, cli: Cli): void {
  const command = queue
    .command('apply')
    .summary('create or change a queue')
    .description(
      'Makes a queue what a file says, and prints what changes. Runs that were accepted keep what they were resolved with.',
    )
    .argument('[name]', "default: the file's name")
    .requiredOption('-f, --file <file>', 'its specification in YAML');
  withJson(withEntity(command), 'print JSON: what was done')
    .addHelpText('after', examples('relaunch queue apply -f queues/a100.yaml'))
    .action(async (given: string | undefined) => {
      const flags: CommonFlags & { file: string } = command.optsWithGlobals();
      const name = given ?? basename(flags.file).replace(/\.(ya?ml|json)$/, '');
      const applied = await applyQueue(storeOf(cli, flags), name, readText(flags.file, cli.cwd), flags.file);
      announce(cli, name, applied, flags);
    });
}

function announce(cli: Cli, name: string, { done, changes }: AppliedQueue, { json }: CommonFlags): void {
  if (json === true) {
    cli.out.line(renderJson({ name, done, changes }, 2));
    return;
  }
  cli.out.line(
    `queue ${plain(name)} is ${done}${done === 'created' ? `. Serve it with: relaunch agent -q ${plain(name)}` : ''}`,
  );
  const shown = (value: unknown): string => (value === undefined ? 'not there' : JSON.stringify(value));
  for (const { path, before, after } of changes)
    cli.out.line(forDisplay(`  ${path === '' ? 'all of it' : path}: ${shown(before)} -> ${shown(after)}`));
}

function addEdit(queue: Command, cli: Cli): void {
  const command = queue
    .command('edit')
    .summary('change a queue in an editor')
    .description(
      'Opens the file of a queue in VISUAL or EDITOR, checks it, and writes it unless somebody else did meanwhile.',
    )
    .argument('<name>');
  withEntity(command).action(async (name: string) => {
    const flags: CommonFlags = command.optsWithGlobals();
    const editor = cli.env['VISUAL'] || cli.env['EDITOR'];
    if (editor === undefined || editor === '')
      throw new ClientError(
        'bad-input',
        'which editor? Say it in VISUAL or EDITOR, or use `relaunch queue apply -f FILE`.',
      );
    const store = storeOf(cli, flags);
    const before = await queueText(store, name);
    const directory = await mkdtemp(join(tmpdir(), 'relaunch-queue-'));
    const file = join(directory, `${name}.yaml`);
    await writeFile(file, before.text);
    announce(cli, name, await edited(cli, { editor, file, name, before, store }), flags);
    await rm(directory, { recursive: true, force: true });
  });
}

interface Editing {
  editor: string;
  file: string;
  name: string;
  before: QueueFile;
  store: Store;
}

/** What was written stays where it is, unless it is in the store. */
async function edited(cli: Cli, { editor, file, name, before, store }: Editing): Promise<AppliedQueue> {
  for (;;) {
    await execa('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit', cwd: cli.cwd });
    try {
      return await saveQueue(store, name, before, await readFile(file, 'utf8'), file);
    } catch (error) {
      const isWrong = error instanceof RelaunchError && error.type === 'LaunchRejected';
      if (!isWrong || cli.ask === undefined) throw kept(error, file);
      cli.err.line(forDisplay(error.message));
      if (!/^(y(es)?)?$/i.test((await cli.ask('Edit it again? [Y/n] ')).trim())) throw kept(error, file);
    }
  }
}

const kept = (error: unknown, file: string): unknown =>
  error instanceof ClientError && error.code === 'queue-changed'
    ? new ClientError(error.code, `${error.message} What you wrote is in ${file}.`, { cause: error })
    : error;

function addDelete(queue: Command, cli: Cli): void {
  const command = queue
    .command('delete')
    .summary('delete a queue')
    .description('Deletes the file of a queue. Not while runs wait or live in it, unless by --force.')
    .argument('<name>')
    .option('-y, --yes', 'without a question; needed where there is no terminal')
    .option('--force', 'also while it has runs: those that agents have accepted go on, others are refused');
  withEntity(command).action(async (name: string) => {
    const flags: CommonFlags & { yes?: boolean; force?: boolean } = command.optsWithGlobals();
    if (flags.yes !== true) {
      if (cli.ask === undefined) throw new ClientError('bad-input', `this deletes queue ${name}: repeat with --yes`);
      if (!/^y(es)?$/i.test((await cli.ask(`Delete queue ${name}? [y/N] `)).trim())) {
        cli.err.line('nothing was deleted');
        cli.exitWith(exitCode.failed);
        return;
      }
    }
    await connected(cli, flags, (relaunch) => deleteQueue(relaunch, name, { force: flags.force === true }));
    cli.out.line(`queue ${name} is deleted`);
  });
}

function addSchema(queue: Command, cli: Cli): void {
  queue
    .command('schema')
    .summary('print the JSON Schema of queues, for editors')
    .description(
      'Prints the JSON Schema of queues. Editors take it from a first line such as `# yaml-language-server: $schema=queue.schema.json`.',
    )
    .action(() => {
      cli.out.line(renderJson(z.toJSONSchema(queueSpec, { io: 'input', unrepresentable: 'any' }), 2));
    });
}
