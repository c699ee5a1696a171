import type { Command } from 'commander';
import { ClientError, queueUsage, type QueueUsage, type UserUsage } from '../../../client/index.ts';
import { durationMs } from '../../../contracts/duration.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags } from '../../cli.ts';
import { plain, renderAge, renderJson, renderTable } from '../../render.ts';
import { readLimit } from '../../read-limit.ts';

type Flags = CommonFlags & { since: string; user?: string; limit: string };

/** `queue usage`. */
export function addUsage(queue: Command, cli: Cli): void {
  const command = queue
    .command('usage')
    .summary('show who used a queue')
    .description(
      'Shows who used a queue: their runs and how they ended, the time that these had machines, and how long they waited, builds included.',
    )
    .argument('<name>')
    .option('--since <age>', 'runs that lived since then, each as a whole', '7d')
    .option('-u, --user <name>', 'only of this user')
    .option('-n, --limit <n>', 'look at no more runs than this, the newest', '2000');
  withJson(withEntity(command), 'print JSON: times in ms')
    .addHelpText(
      'after',
      examples('relaunch queue usage a100', 'relaunch queue usage a100 --since 24h --user ada --json'),
    )
    .action(async (name: string) => {
      const { since: age, user, limit: most, ...flags }: Flags = command.optsWithGlobals();
      const since = new Date(Date.now() - ageOf(age));
      const limit = readLimit(most);
      await connected(cli, flags, async (relaunch) => {
        const usage = await queueUsage(relaunch, name, { since, user, limit });
        cli.out.line(flags.json === true ? renderJson(usage, 2) : renderUsage(usage));
      });
    });
}

/** @throws ClientError bad-input */
function ageOf(text: string): number {
  const { success, data } = durationMs.safeParse(text);
  if (success) return data;
  throw new ClientError('bad-input', `--since is ${JSON.stringify(text)}: an age, such as 90m, 24h or 7d`);
}

/** Who used a queue, on a screen. */
export function renderUsage({ queue, since, more, users }: QueueUsage): string {
  if (users.length === 0) return `no run of queue ${plain(queue)} lived since ${since.toISOString()}`;
  const cut = more ? ['', 'There are more runs: these are the newest. Look at more of them with --limit.'] : [];
  return [renderTable(head, users.map(cells)), ...cut].join('\n');
}

const head = [
  'USER',
  'RUNS',
  'WAIT NOW',
  'LIVE',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'REQUEUES',
  'MACHINE TIME',
  'WAITED',
  'MOST',
];

function cells({ user, runs, states, requeues, machineMs, waitedMs }: UserUsage): string[] {
  const of = (...some: (keyof typeof states)[]): string =>
    String(some.reduce((sum, state) => sum + (states[state] ?? 0), 0));
  return [
    user === undefined ? '(nobody)' : plain(user).slice(0, 30),
    String(runs),
    of('queued', 'building', 'preempted'),
    of('starting', 'running'),
    of('succeeded'),
    of('failed', 'timed-out'),
    of('cancelled', 'terminated'),
    String(requeues),
    renderAge(machineMs),
    waitedMs === undefined ? '' : renderAge(waitedMs.p50),
    waitedMs === undefined ? '' : renderAge(waitedMs.most),
  ];
}
