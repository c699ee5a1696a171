import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addSweepRequests } from './sweep/requests.ts';
import { addSweepList, addSweepShow } from './sweep/show.ts';
import { addSweepResults } from './sweep/results.ts';
import { addSweepStart } from './sweep/start.ts';

/** `relaunch sweep FILE`, and what there is to do with a sweep that was started. */
export function addSweep(program: Command, cli: Cli): void {
  const sweep = program.command('sweep').summary('search over parameters with many runs');
  addSweepStart(sweep, cli);
  for (const add of [addSweepList, addSweepShow, addSweepResults, addSweepRequests]) add(sweep, cli);
}
