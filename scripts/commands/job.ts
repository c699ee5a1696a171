import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addJobCreate } from './job/create.ts';
import { addJobDelete } from './job/delete.ts';
import { addJobDescribe, addJobList } from './job/show.ts';

/** `relaunch job`: named, versioned sources, to be launched again and again. */
export function addJob(program: Command, cli: Cli): void {
  const job = program
    .command('job')
    .summary('create, list, describe and delete jobs')
    .description(
      'Jobs: named, versioned sources with an entry point and defaults. Launch one with: relaunch launch -j JOB',
    );
  for (const add of [addJobCreate, addJobList, addJobDescribe, addJobDelete]) add(job, cli);
}
