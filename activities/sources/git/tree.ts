import type { RelaunchError } from '../../../contracts/failures.ts';
import { mostEntries, wrongPath } from '../../../store/archive-rules.ts';
import { rejectedSource } from './failures.ts';
import type { GitRepository } from './repository.ts';

/** A file or symbolic link of a commit. */
export interface GitFile {
  path: string;
  kind: 'file' | 'program' | 'link';
  object: string;
  sizeBytes: number;
}

/** A commit of another repository, in its place. */
export interface GitLink {
  path: string;
  commit: string;
}

export interface GitTree {
  files: GitFile[];
  links: GitLink[];
}

/** What a commit has, by its own word. `under`: what its paths begin with. @throws RelaunchError LaunchRejected where it cannot be packed */
export async function treeOf(repository: GitRepository, commit: string, under: string): Promise<GitTree> {
  const tree: GitTree = { files: [], links: [] };
  const list = repository.read(['ls-tree', '-r', '-z', '-l', '--full-tree', '--end-of-options', `${commit}^{commit}`]);
  for await (const line of recordsOf(list)) {
    const { path, ...entry } = entryOf(line, under);
    const wrong = wrongPath(path) ?? (path.split('/').some(isGits) ? 'git has that name for itself' : undefined);
    if (wrong !== undefined) throw notPacked(repository, path, wrong);
    if ('commit' in entry) tree.links.push({ path, ...entry });
    else tree.files.push({ path, ...entry });
    if (tree.files.length + tree.links.length > mostEntries)
      throw rejectedSource(`${repository.url} has more than ${String(mostEntries)} files: no more can be packed`);
  }
  tree.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  checkPlaces(repository, tree);
  return tree;
}

/** Git makes no tree with two things in one place, but can be handed one. */
function checkPlaces(repository: GitRepository, { files, links }: GitTree): void {
  const taken = new Set<string>();
  for (const { path } of [...links, ...files]) {
    if (taken.has(path)) throw notPacked(repository, path, 'it is there twice');
    taken.add(path);
  }
  for (const path of taken)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      if (taken.has(path.slice(0, end))) throw notPacked(repository, path, 'what it is in is no directory');
}

const isGits = (segment: string): boolean => segment.toLowerCase() === '.git';

/** `<mode> <type> <object> <size>\t<path>`. @see https://git-scm.com/docs/git-ls-tree#_output_format */
function entryOf(line: string, under: string): { path: string } & (Omit<GitFile, 'path'> | Omit<GitLink, 'path'>) {
  const [, mode = '', object = '', size = '', name = ''] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
  const path = under + name;
  if (mode === '160000') return { path, commit: object };
  const kind = mode === '120000' ? 'link' : (Number.parseInt(mode, 8) & 0o100) === 0 ? 'file' : 'program';
  return { path, kind, object, sizeBytes: Number(size) };
}

async function* recordsOf(stdout: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stdout) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0, from)) {
      yield rest.toString('utf8', from, end);
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
}

export const notPacked = ({ url }: Pick<GitRepository, 'url'>, path: string, why: string): RelaunchError =>
  rejectedSource(`${JSON.stringify(path)} of ${url} cannot be packed: ${why}`);
