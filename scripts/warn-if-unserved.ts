import { trafficOf, type Relaunch } from '../client/index.ts';
import type { Cli } from './cli.ts';
import { colours } from './colours.ts';

/** Says so where nobody serves a queue that something was just submitted to. */
export async function warnIfUnserved(cli: Cli, relaunch: Relaunch, queue: string): Promise<void> {
  const { agents } = await trafficOf(relaunch, queue);
  if (agents.length > 0) return;
  cli.err.line(
    `${colours.yellow('warning:')} no agent serves queue ${queue} now: what was submitted waits until one does. Start one with: relaunch agent -q ${queue}`,
  );
}
