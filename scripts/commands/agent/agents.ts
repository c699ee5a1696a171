import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { ClientError, drainAgent, listAgents, resumeAgent, showAgent, type AgentRow } from '../../../client/index.ts';
import type { Store } from '../../../store/store.ts';
import { examples, storeOf, withEntity, withJson, type Cli, type CommonFlags } from '../../cli.ts';
import { colours } from '../../colours.ts';
import { plain, renderJson, renderTable } from '../../render.ts';

type Flags = CommonFlags & { by: string; reason?: string; preempt?: boolean; wait?: boolean };

const lookAgainMs = 1_000;

/** `agent list`, `agent drain`, `agent resume`: what one asks of agents that run somewhere. */
export function addAgents(agent: Command, cli: Cli): void {
  addList(agent, cli);
  addDrain(agent, cli);
  addResume(agent, cli);
}

function addList(agent: Command, cli: Cli): void {
  const command = agent
    .command('list')
    .alias('ls')
    .summary('list agents')
    .description('Lists the agents of the store.');
  withJson(withEntity(command), 'print a JSON array').action(async () => {
    const flags: CommonFlags = command.optsWithGlobals();
    const store = storeOf(cli, flags);
    const rows = await listAgents(store);
    if (flags.json === true) cli.out.line(renderJson(rows, 2));
    else if (rows.length === 0) cli.out.line(`no agents in ${store.url}. Start one with: relaunch agent -q QUEUE`);
    else cli.out.line(renderTable(['agent', 'state', 'live', 'queues'], rows.map(cells)));
  });
}

function addDrain(agent: Command, cli: Cli): void {
  const command = agent
    .command('drain')
    .summary('have an agent take no more runs')
    .description(
      'Has an agent take no more runs, until `agent resume`, also after it was started again. Its runs go on.',
    )
    .argument('<agent>')
    .option('--preempt', 'its runs give the machine back, and go on from the back of their queues')
    .option('--wait', 'wait until it has no run any more')
    .option('--by <name>', 'who asks', cli.user)
    .option('--reason <text>', 'why');
  withEntity(command)
    .addHelpText(
      'after',
      examples('relaunch agent drain rack-3 --reason "new disk"', 'relaunch agent drain rack-3 --preempt --wait'),
    )
    .action(async (name: string) => {
      const flags: Flags = command.optsWithGlobals();
      const store = storeOf(cli, flags);
      const { by, reason, preempt = false } = flags;
      await drainAgent(store, name, { by, preempt, ...(reason === undefined ? {} : { reason }) });
      cli.out.line(`agent ${plain(name)} takes no more runs, until: relaunch agent resume ${plain(name)}`);
      if (flags.wait === true) await untilDrained(cli, store, name);
    });
}

function addResume(agent: Command, cli: Cli): void {
  const command = agent
    .command('resume')
    .summary('have an agent take runs again')
    .description('Has an agent that was drained take runs again.')
    .argument('<agent>');
  withEntity(command).action(async (name: string) => {
    const store = storeOf(cli, command.optsWithGlobals());
    const { drain } = await showAgent(store, name);
    if (drain === undefined) throw new ClientError('bad-input', `agent "${name}" is not drained`);
    await resumeAgent(store, name);
    cli.out.line(`agent ${plain(name)} takes runs again`);
  });
}

/** Says how many runs it has whenever that changes. */
async function untilDrained(cli: Cli, store: Store, name: string): Promise<void> {
  let said: number | undefined;
  for (;;) {
    const { alive, draining, live } = await showAgent(store, name);
    if (!alive) throw new ClientError('bad-input', `agent "${name}" is gone`);
    if (draining === true) {
      if (live === 0) return;
      if (live !== said) cli.err.line(`agent ${plain(name)} has ${String(live)} runs`);
      said = live;
    }
    await sleep(lookAgainMs);
  }
}

function cells({ agent, alive, live, maxJobs, queues, drain }: AgentRow): string[] {
  const state = !alive ? colours.red('gone') : drain === undefined ? 'serves' : colours.yellow(drained(drain));
  const places = live === undefined ? '' : `${String(live)} of ${maxJobs === undefined ? 'any' : String(maxJobs)}`;
  return [plain(agent), state, places, (queues ?? []).map(plain).join(', ')];
}

const drained = ({ by, reason }: { by: string; reason?: string | undefined }): string =>
  plain(`drained by ${by}${reason === undefined ? '' : `: ${reason}`}`);
