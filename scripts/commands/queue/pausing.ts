import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { list, pauseQueue, preempt, resumeQueue, type Relaunch } from '../../../client/index.ts';
import { connected, examples, withEntity, type Cli, type CommonFlags } from '../../cli.ts';
import { plain } from '../../render.ts';

type Flags = CommonFlags & { by: string; reason: string; preempt?: boolean };

const lookAgainMs = 1_000;

/** `queue pause`, `queue resume`, `queue drain`. */
export function addPausing(queue: Command, cli: Cli): void {
  addPause(queue, cli);
  addResume(queue, cli);
  addDrain(queue, cli);
}

function addPause(queue: Command, cli: Cli): void {
  const command = queue
    .command('pause')
    .summary('have a queue wait')
    .description(
      'Has a queue wait: no agent gets any of its runs until `queue resume`. Runs that live go on; new ones wait in it.',
    )
    .argument('<name>')
    .option('--by <name>', 'who asks', cli.user)
    .requiredOption('--reason <text>', 'why; shown to all who wait');
  withEntity(command)
    .addHelpText('after', examples('relaunch queue pause a100 --reason "the file system is full"'))
    .action(async (name: string) => {
      const flags: Flags = command.optsWithGlobals();
      await connected(cli, flags, (relaunch) => pauseQueue(relaunch, name, flags));
      cli.out.line(`queue ${name} is paused, until: relaunch queue resume ${name}`);
    });
}

function addResume(queue: Command, cli: Cli): void {
  const command = queue
    .command('resume')
    .summary('hand a queue out again')
    .description('Hands a queue out again that was paused, by somebody or by its circuit breaker.')
    .argument('<name>')
    .option('--by <name>', 'who asks', cli.user);
  withEntity(command).action(async (name: string) => {
    const flags: Flags = command.optsWithGlobals();
    await connected(cli, flags, (relaunch) => resumeQueue(relaunch, name, flags.by));
    cli.out.line(`queue ${name} is handed out again`);
  });
}

function addDrain(queue: Command, cli: Cli): void {
  const command = queue
    .command('drain')
    .summary('pause a queue and wait until nothing of it runs')
    .description('Pauses a queue, and waits until none of its runs is on a machine.')
    .argument('<name>')
    .option('--preempt', 'its runs give their machines back, and wait in it')
    .option('--by <name>', 'who asks', cli.user)
    .option('--reason <text>', 'why; shown to all who wait', 'it is drained');
  withEntity(command)
    .addHelpText('after', examples('relaunch queue drain a100 --preempt --reason "moves to another cluster"'))
    .action(async (name: string) => {
      const flags: Flags = command.optsWithGlobals();
      await connected(cli, flags, async (relaunch) => {
        await pauseQueue(relaunch, name, flags);
        await untilEmpty(cli, relaunch, name, flags);
      });
      cli.out.line(`nothing of queue ${name} runs; it is paused, until: relaunch queue resume ${name}`);
    });
}

async function untilEmpty(cli: Cli, relaunch: Relaunch, queue: string, flags: Flags): Promise<void> {
  const asked = new Set<string>();
  let said: number | undefined;
  for (;;) {
    const live = await list(relaunch, { queue, state: ['starting', 'running'] }, Number.MAX_SAFE_INTEGER);
    if (live.length === 0) return;
    if (live.length !== said) cli.err.line(`${String(live.length)} runs of queue ${plain(queue)} are on machines`);
    said = live.length;
    if (flags.preempt === true)
      for (const { workflowId } of live) {
        if (asked.has(workflowId)) continue;
        asked.add(workflowId);
        // One that has ended meanwhile is no trouble.
        await preempt(relaunch, workflowId, { by: flags.by, reason: flags.reason }).catch(() => undefined);
      }
    await sleep(lookAgainMs);
  }
}
