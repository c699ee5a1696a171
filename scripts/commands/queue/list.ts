import type { Command } from 'commander';
import { listQueueStates, type AgentRow, type QueueRow } from '../../../client/index.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags } from '../../cli.ts';
import { colours } from '../../colours.ts';
import { plain, renderAge, renderJson, renderTable } from '../../render.ts';

/** `queue list`. */
export function addList(queue: Command, cli: Cli): void {
  const command = queue
    .command('list')
    .alias('ls')
    .summary('list queues')
    .description(
      'Lists the queues in the store: what waits and lives, who serves them, what has failed in the last day.',
    );
  withJson(withEntity(command), 'print a JSON array')
    .addHelpText('after', examples('relaunch queue list', 'relaunch queue list --json | jq -r ".[].queue"'))
    .action(async () => {
      const flags: CommonFlags = command.optsWithGlobals();
      await connected(cli, flags, async (relaunch) => {
        const rows = await listQueueStates(relaunch);
        if (flags.json === true) cli.out.line(renderJson(rows, 2));
        else if (rows.length === 0)
          cli.out.line(`no queues in ${relaunch.store.url}. Create one with: relaunch queue create`);
        else cli.out.line(renderTable(head, rows.map(cells)));
      });
    });
}

const head = ['QUEUE', 'WAITING', 'OLDEST', 'LIVE', 'AGENTS', 'FAILED IN 24 H', 'NOW'];

function cells({ queue, waiting, oldestWaitMs, live, maxLive, serving, failedLastDay, waits }: QueueRow): string[] {
  return [
    plain(queue),
    String(waiting),
    oldestWaitMs === undefined ? '' : renderAge(oldestWaitMs),
    maxLive === undefined ? String(live) : `${String(live)} of ${String(maxLive)}`,
    (serving ?? []).map(placesOf).join(', '),
    String(failedLastDay),
    waits.length === 0 ? 'open' : colours.yellow(plain(waits[0])),
  ];
}

/** An agent with its places: `dev-vm 0/2`. */
export const placesOf = ({ agent, live = 0, maxJobs, draining }: AgentRow): string =>
  `${plain(agent)} ${String(live)}/${maxJobs === undefined ? 'any' : String(maxJobs)}${draining === true ? ' drained' : ''}`;
