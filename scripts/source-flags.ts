import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Source } from '../contracts/source.ts';
import { jobOf } from '../contracts/wandb.ts';
import { ClientError } from '../client/index.ts';

/** The flags that say where what is run comes from. */
export interface SourceFlags {
  code?: string;
  uri?: string;
  gitVersion?: string;
  submodules?: boolean;
  dockerImage?: string;
  job?: string;
}

/** Those for a repository. */
export const withGit = (command: Command): Command =>
  command
    .option('-u, --uri <url>', 'the git repository to run: https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH')
    .option('-g, --git-version <ref>', 'its branch, tag or commit (default: main, else master)')
    .option('--submodules', 'with those of the commit (default: without)');

/** What flags say, else the file. @throws ClientError bad-input where they say it twice */
export function sourceOf(flags: SourceFlags, file: Source | undefined, cwd: string): Source | undefined {
  const { code, uri, dockerImage, job } = flags;
  const given = Object.entries({ '--code': code, '--uri': uri, '--docker-image': dockerImage, '--job': job })
    .filter(([, value]) => value !== undefined)
    .map(([flag]) => flag);
  if (given.length > 1)
    throw new ClientError('bad-input', `the source is given twice: by ${given.join(' and by ')}. Choose one.`);
  const more = {
    ...(flags.gitVersion === undefined ? {} : { ref: flags.gitVersion }),
    ...(flags.submodules === undefined ? {} : { submodules: flags.submodules }),
  };
  if (uri !== undefined) return { git: { url: uri, ...more } };
  if (Object.keys(more).length > 0) {
    if (given.length === 0 && typeof file?.git === 'object') return { git: { ...file.git, ...more } };
    throw new ClientError('bad-input', '--git-version and --submodules are of a repository: give it by --uri.');
  }
  if (dockerImage !== undefined) return { image: dockerImage };
  if (job !== undefined) return { job: jobOf(job).job };
  return code === undefined ? file : { code: { dir: resolve(cwd, code) } };
}
