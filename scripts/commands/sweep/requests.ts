import type { Command } from 'commander';
import {
  cancel,
  ClientError,
  pauseSweep,
  removeSweep,
  rerunFailedTrials,
  resumeSweep,
  setNumWorkers,
  type Relaunch,
} from '../../../client/index.ts';
import { connected, examples, withEntity, withJson, type Cli, type CommonFlags } from '../../cli.ts';
import { renderJson } from '../../render.ts';

/** Does what was asked of a sweep. Answers what to say. */
type Ask<F> = (relaunch: Relaunch, sweep: string, flags: F, words: string[]) => Promise<string>;

/** What people may ask of a sweep that was started. */
export function addSweepRequests(sweep: Command, cli: Cli): void {
  request(sweep, cli, 'pause', 'start no other trial; those in flight go on', async (relaunch, id) => {
    await pauseSweep(relaunch, id);
    return `paused: ${id}. Go on with: relaunch sweep resume ${id}`;
  });
  request<{ runCap?: string }>(
    sweep,
    cli,
    'resume',
    'go on: a sweep that was paused, or one that has ended',
    async (relaunch, id, { runCap }) => {
      await resumeSweep(relaunch, id, runCap === undefined ? {} : { runCap: whole('--run-cap', runCap) });
      return `goes on: ${id}`;
    },
  )
    .option('--run-cap <n>', 'its new cap, where it has ended')
    .addHelpText('after', examples('relaunch sweep resume digits-k3v7q2ma --run-cap 200'));
  request<{ reason?: string }>(
    sweep,
    cli,
    'cancel',
    'end a sweep and all of its trials',
    async (relaunch, id, { reason }) => {
      await cancel(relaunch, id, { by: cli.user, ...(reason === undefined ? {} : { reason }) });
      return `asked to cancel: ${id}. Its trials get their grace periods to end`;
    },
  ).option('-r, --reason <text>', 'why, for whoever looks later');
  request(
    sweep,
    cli,
    'set-workers',
    'trials in flight at once, from now on',
    async (relaunch, id, _flags, [n = '']) =>
      `${id} has ${String(await setNumWorkers(relaunch, id, whole('the number of workers', n)))} workers now`,
    '<n>',
  ).addHelpText('after', examples('relaunch sweep set-workers digits-k3v7q2ma 16'));
  request(
    sweep,
    cli,
    'delete',
    'cancel a sweep if it goes on, and delete it with all of its trials',
    async (relaunch, id) => {
      const count = await removeSweep(relaunch, id, { by: cli.user });
      return `deleting ${id} and ${String(count)} trials`;
    },
  );
  request(sweep, cli, 'rerun-failed', 'run the trials that have failed again', async (relaunch, id) => {
    const count = await rerunFailedTrials(relaunch, id);
    return count === 0 ? `no trial of ${id} has failed` : `runs again: ${String(count)} trials of ${id}`;
  });
}

function request<F>(sweep: Command, cli: Cli, name: string, summary: string, ask: Ask<F>, ...more: string[]): Command {
  const command = sweep
    .command(name)
    .summary(summary)
    .description(`${summary.replace(/^./, (c) => c.toUpperCase())}.`);
  for (const argument of ['<sweep>', ...more]) command.argument(argument);
  return withJson(withEntity(command)).action(async (id: string, ...rest: unknown[]) => {
    const flags: F & CommonFlags = command.optsWithGlobals();
    const words = rest.filter((word): word is string => typeof word === 'string');
    await connected(cli, flags, async (relaunch) => {
      const said = await ask(relaunch, id, flags, words);
      cli.out.line(flags.json === true ? renderJson({ sweep: id, done: name }) : said);
    });
  });
}

function whole(what: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ClientError('bad-input', `${what} is ${JSON.stringify(text)}: a whole number`);
}
