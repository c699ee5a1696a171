import type { SourceFiles } from '../../activities/images/source-files.ts';

/** A source as text: path -> content, `-> target` for a symbolic link. */
export function sourceText(tree: Record<string, string>): SourceFiles {
  const isLink = (path: string): boolean => tree[path]?.startsWith('-> ') === true;
  return {
    kind: (path) => {
      if (Object.hasOwn(tree, path)) return isLink(path) ? 'other' : 'file';
      return Object.keys(tree).some((each) => each.startsWith(`${path}/`)) ? 'directory' : undefined;
    },
    read: (path) => (Object.hasOwn(tree, path) && !isLink(path) ? tree[path] : undefined),
  };
}
