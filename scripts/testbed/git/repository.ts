import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeTree, type Tree } from '../trees.ts';

/** What git is told here: nothing of this machine's user. */
const env = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, 'Ada'],
      [`GIT_${who}_EMAIL`, 'ada@example.org'],
    ]),
  ),
};

/** A repository as a server has it, and commits made by hand. */
export class ServedRepository {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(directory: string): Promise<ServedRepository> {
    await mkdir(directory, { recursive: true });
    const repository = new ServedRepository(directory);
    await repository.git('init', '--quiet', '--bare', '--initial-branch=main');
    return repository;
  }

  /** Runs git on it. Answers what it says. */
  async git(...args: string[]): Promise<string> {
    return (await execa('git', args, { cwd: this.directory, env })).stdout;
  }

  /** A commit of these files, after what the branch has; the branch is it then. */
  async commit(tree: Tree, branch = 'main'): Promise<string> {
    const work = await mkdtemp(join(this.directory, 'work-'));
    await makeTree(work, tree);
    const on = ['--git-dir', this.directory, '--work-tree', work];
    await execa('git', [...on, 'read-tree', '--empty'], { env });
    await execa('git', [...on, 'add', '--all', '--force', '.'], { cwd: work, env });
    return this.commitTree(await this.git('write-tree'), branch);
  }

  /** A commit of a tree that nobody could check out: lines of `git mktree`. */
  async commitEntries(entries: readonly string[], branch = 'main'): Promise<string> {
    return this.commitTree(await this.tree(entries), branch);
  }

  async tree(entries: readonly string[]): Promise<string> {
    const text = entries.map((entry) => `${entry}\n`).join('');
    return (await execa('git', ['mktree', '--missing'], { cwd: this.directory, env, input: text })).stdout;
  }

  async blob(content: string): Promise<string> {
    return (await execa('git', ['hash-object', '-w', '--stdin'], { cwd: this.directory, env, input: content })).stdout;
  }

  async commitTree(tree: string, branch: string): Promise<string> {
    const before = await this.git('rev-parse', '--quiet', '--verify', branch).catch(() => '');
    const parent = before === '' ? [] : ['-p', before];
    const commit = await this.git('commit-tree', tree, ...parent, '-m', 'a commit');
    await this.git('update-ref', `refs/heads/${branch}`, commit);
    return commit;
  }
}
