import { gitRemote } from '../../../contracts/git-source.ts';
import { rejectedSource } from './failures.ts';
import { text } from './git-process.ts';
import type { GitRepository } from './repository.ts';
import type { GitLink, GitTree } from './tree.ts';

/** Where a commit of another repository is. */
export interface Submodule extends GitLink {
  url: string;
}

/** Of `.gitmodules`, which names a line for each. */
const longestModules = 1_024 ** 2;

/** The submodules of a commit, with URLs that may be fetched. Git itself is told of none. @throws RelaunchError LaunchRejected */
export async function submodulesOf(repository: GitRepository, tree: GitTree, under: string): Promise<Submodule[]> {
  if (tree.links.length === 0) return [];
  const urls = await urlsIn(repository, tree, under);
  return tree.links.map((link) => {
    const written = urls.get(link.path);
    const what = `submodule ${JSON.stringify(link.path)} of ${repository.url}`;
    if (written === undefined) throw rejectedSource(`${what} has no url in .gitmodules: launch without submodules`);
    const url = absolute(written, repository.url);
    if (url !== undefined && gitRemote(url) !== undefined) return { ...link, url };
    throw rejectedSource(
      `${what} is not fetched: its url is to be https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH, without credentials`,
    );
  });
}

/** By path. */
async function urlsIn(repository: GitRepository, { files }: GitTree, under: string): Promise<Map<string, string>> {
  const modules = files.find(({ path, kind }) => path === `${under}.gitmodules` && kind !== 'link');
  if (modules === undefined || modules.sizeBytes > longestModules) return new Map();
  const said = await text(repository.read(['config', '-z', '--blob', modules.object, '--list']));
  const byName = new Map<string, { path?: string; url?: string }>();
  for (const entry of said.split('\0')) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(entry) ?? [];
    if (name !== undefined && key !== undefined) byName.set(name, { ...byName.get(name), [key]: value });
  }
  return new Map([...byName.values()].map(({ path = '', url = '' }) => [under + path, url]));
}

/** A URL that counts from its parent's: on the same server, for the same user. Undefined: it leads out of it. */
function absolute(written: string, parent: string): string | undefined {
  if (!/^\.\.?\//.test(written)) return written;
  const path = gitRemote(parent)?.path ?? '';
  const segments = path.split('/').filter((segment) => segment !== '');
  for (const segment of written.split('/').filter((each) => each !== '' && each !== '.')) {
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return parent.slice(0, -path.length) + (path.startsWith('/') ? '/' : '') + segments.join('/');
}
