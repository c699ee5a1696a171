import type { Command } from 'commander';
import { stringify } from 'yaml';
import { ClientError, createQueue, describeQueue, type QueueView } from '../../client/index.ts';
import { formatDuration } from '../../contracts/duration.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags, storeOf } from '../cli.ts';
import { addFiles } from './queue/files.ts';
import { addList, placesOf } from './queue/list.ts';
import { addPausing } from './queue/pausing.ts';
import { addUsage } from './queue/usage.ts';
import { readText } from '../read-input.ts';
import { plain, renderFields, renderJson, renderYaml } from '../render.ts';

export function addQueue(program: Command, cli: Cli): void {
  const queue = program
    .command('queue')
    .summary('create, change, list, describe and pause queues')
    .description('Queues: where runs wait, and within which bounds.');
  addCreate(queue, cli);
  addList(queue, cli);
  addDescribe(queue, cli);
  addUsage(queue, cli);
  addFiles(queue, cli);
  addPausing(queue, cli);
}

function addCreate(queue: Command, cli: Cli): void {
  const command = queue
    .command('create')
    .summary('create a queue')
    .description('Creates a queue: writes its file into the store.')
    .argument('<name>')
    .option('-b, --backend <name>', 'where its runs go, such as process; the rest are defaults')
    .option('-f, --file <file>', 'its specification in YAML')
    .option('--replace', 'write over a queue of that name');
  withEntity(command)
    .addHelpText(
      'after',
      examples('relaunch queue create laptop --backend process', 'relaunch queue create a100 -f a100.yaml'),
    )
    .action(async (name: string) => {
      const flags: CommonFlags & { backend?: string; file?: string; replace?: boolean } = command.optsWithGlobals();
      if ((flags.backend === undefined) === (flags.file === undefined)) {
        throw new ClientError('bad-input', 'a queue needs either --backend or --file');
      }
      const store = storeOf(cli, flags);
      const spec = flags.file === undefined ? { backend: flags.backend ?? '' } : readText(flags.file, cli.cwd);
      await createQueue(store, name, spec, {
        replace: flags.replace === true,
        ...(flags.file === undefined ? {} : { file: flags.file }),
      });
      cli.out.line(`queue ${name} is in ${store.url}. Serve it with: relaunch agent -q ${name}`);
    });
}

function addDescribe(queue: Command, cli: Cli): void {
  const command = queue
    .command('describe')
    .alias('show')
    .summary('show a queue')
    .description('Shows a queue: its bounds, who serves it, what waits.')
    .argument('<name>');
  withJson(withEntity(command)).action(async (name: string) => {
    const flags: CommonFlags = command.optsWithGlobals();
    await connected(cli, flags, async (relaunch) => {
      const view = await describeQueue(relaunch, name);
      cli.out.line(flags.json === true ? renderJson(view, 2) : renderQueue(view));
    });
  });
}

/** A queue on a screen. */
export function renderQueue({ queue, spec, agents, serving, waiting, live, waits }: QueueView): string {
  const { requeue, gracePeriod, timeouts, backend, resourceArgs, maxLive, description, links, variables } = spec;
  const limits = Object.entries(timeouts).flatMap(([phase, ms]) =>
    ms === undefined ? [] : [`${phase} ${formatDuration(ms)}`],
  );
  const rows = [
    ['queue', queue],
    ...(description === undefined ? [] : [['about', plain(description)]]),
    ...Object.entries(links).map(([label, url]) => [plain(label), plain(url)]),
    ['backend', plain(backend)],
    ['agents', (serving?.map(placesOf) ?? agents.map(plain)).join(', ') || 'none now'],
    ['waiting', String(waiting)],
    ['live', maxLive === undefined ? String(live) : `${String(live)} of ${String(maxLive)}`],
    ...waits.map((why) => ['waits', plain(why)]),
    ['requeue', `at most ${String(requeue.max)}, on ${requeue.on.join(', ') || 'nothing'}`],
    ['grace', formatDuration(gracePeriod)],
    ['time-outs', limits.join(', ') || 'none'],
    ...(Object.keys(variables).length === 0 ? [] : [['variables', plain(Object.keys(variables).join(', '))]]),
  ];
  const { overrides, allow, defaults } = spec;
  const said = Object.entries({ variables, allow, defaults, resourceArgs }).filter(
    ([, map]) => Object.keys(map).length > 0,
  );
  const shown = Object.fromEntries([...(overrides === 'open' ? [] : [['overrides', overrides]]), ...said]) as object;
  const args = Object.keys(shown).length === 0 ? [] : ['', renderYaml(stringify(shown))];
  return [renderFields(rows), ...args].join('\n');
}
