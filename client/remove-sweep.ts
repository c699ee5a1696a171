import type { Request } from '../contracts/messages.ts';
import type { Relaunch } from './connect.ts';
import { end, remove } from './remove.ts';
import { describeSweep } from './sweeps.ts';
import { runsOf } from './trials.ts';

/** How many trials are deleted at a time. */
const together = 16;

/**
 * Deletes a sweep and all of its trials: cancels it if it goes on, waits for its end, and has Temporal delete them, which it does in the
 * background. Answers how many trials. @throws ClientError run-not-found; temporal-refused
 */
export async function removeSweep(relaunch: Relaunch, sweep: string, request: Request): Promise<number> {
  if ((await describeSweep(relaunch, sweep)).closedAt === undefined) await end(relaunch, sweep, request);
  const runs = await runsOf(relaunch, sweep);
  for (let at = 0; at < runs.length; at += together)
    await Promise.all(runs.slice(at, at + together).map((run) => remove(relaunch, run, request)));
  await remove(relaunch, sweep, request);
  return runs.length;
}
