import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A directory as text: path -> content, `content*` where executable, `-> target` for a symbolic link. */
export type Tree = Record<string, string>;

export async function makeTree(root: string, tree: Tree): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    const absolute = join(root, path);
    await mkdir(dirname(absolute), { recursive: true });
    if (content.startsWith('-> ')) await symlink(content.slice(3), absolute);
    else {
      await writeFile(absolute, content.replace(/\*$/, ''));
      if (content.endsWith('*')) await chmod(absolute, 0o755);
    }
  }
}

export async function readTree(root: string, below = ''): Promise<Tree> {
  const tree: Tree = {};
  for (const name of await readdir(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const absolute = join(root, path);
    const stat = await lstat(absolute);
    if (stat.isDirectory()) Object.assign(tree, await readTree(root, path));
    else if (stat.isSymbolicLink()) tree[path] = `-> ${await readlink(absolute)}`;
    else tree[path] = `${await readFile(absolute, 'utf8')}${(stat.mode & 0o100) === 0 ? '' : '*'}`;
  }
  return tree;
}
