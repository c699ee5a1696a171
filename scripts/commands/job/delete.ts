import type { Command } from 'commander';
import { ClientError, deleteJob, jobDeletion, type JobDeletion } from '../../../client/index.ts';
import { examples, withEntity, withJson, type Cli, type CommonFlags, storeOf } from '../../cli.ts';
import { exitCode } from '../../complaint.ts';
import { renderJson } from '../../render.ts';

type Flags = CommonFlags & { project?: string; user?: string; yes?: boolean };

export function addJobDelete(job: Command, cli: Cli): void {
  const command = job
    .command('delete')
    .summary('delete a job, one of its versions, or an alias')
    .description(
      'Deletes a job with all of its versions, one version, or an alias, whose version stays. Runs, and sweeps that have begun, keep what they pinned; numbers of versions are not given again.',
    )
    .argument('<job>', '[project/]name[:vN|:alias]')
    .option('-p, --project <name>', 'where the name says none (default: uncategorized)')
    .option('--user <name>', `who deletes it (default: ${cli.user})`)
    .option('-y, --yes', 'without a question; needed where there is no terminal');
  withJson(withEntity(command), 'print JSON: what was deleted')
    .addHelpText(
      'after',
      examples(
        'relaunch job delete vision/digits:v3',
        'relaunch job delete vision/digits:prod',
        'relaunch job delete vision/digits --yes',
      ),
    )
    .action(async (reference: string) => {
      const flags: Flags = command.optsWithGlobals();
      const store = storeOf(cli, flags);
      const deletion = await jobDeletion(store, reference, flags.project);
      if (flags.yes !== true && !(await isMeant(cli, deletion))) {
        cli.err.line('nothing was deleted');
        cli.exitWith(exitCode.failed);
        return;
      }
      await deleteJob(store, deletion, { user: flags.user ?? cli.user });
      cli.out.line(flags.json === true ? renderJson(deletion, 2) : `deleted ${wordsOf(deletion)}`);
    });
}

async function isMeant(cli: Cli, deletion: JobDeletion): Promise<boolean> {
  const words = wordsOf(deletion);
  if (cli.ask === undefined) throw new ClientError('bad-input', `this deletes ${words}: repeat with --yes`);
  return /^y(es)?$/i.test((await cli.ask(`Delete ${words}? [y/N] `)).trim());
}

/** Many versions are told by their number. */
const mostNamed = 10;

function wordsOf({ project, name, versions, aliases }: JobDeletion): string {
  const job = `${project}/${name}`;
  if (versions.length === 0) return `${job}:${aliases.join(', ')}, an alias`;
  const named = versions.map((version) => `v${String(version)}`).join(', ');
  const which = versions.length > mostNamed ? `${String(versions.length)} versions` : named;
  return `${job}: ${which}${aliases.length === 0 ? '' : ` (${aliases.slice(0, mostNamed).join(', ')})`}`;
}
