import type { GitSource } from '../contracts/git-source.ts';
import { plain } from './render.ts';

/** A commit for people: URL, ref and commit; the ref may be the commit, or its beginning. */
export function gitWords({ url, ref = '', commit = '', submodules }: GitSource): string {
  const named = commit.startsWith(ref) ? [] : [ref];
  return [url, ...named, commit, ...(submodules === true ? ['with submodules'] : [])].map(plain).join(' ');
}
