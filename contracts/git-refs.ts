/** What a ref may be on a server, the first that it has: a branch, else a tag of that name; without one, `main`, else `master`. */
function candidatesOf(ref: string | undefined): { ref: string; name: string }[] {
  if (ref === undefined) return ['main', 'master'].map((branch) => ({ ref: branch, name: `refs/heads/${branch}` }));
  if (ref.startsWith('refs/')) return [{ ref, name: ref }];
  return ['heads', 'tags'].map((kind) => ({ ref, name: `refs/${kind}/${ref}` }));
}

/** What is to be asked of a server to find a ref. */
export const refNames = (ref: string | undefined): string[] =>
  candidatesOf(ref).flatMap(({ name }) => [name, `${name}^{}`]);

/** What `git ls-remote` writes: names of refs with their objects. */
export const refsIn = (said: string): Map<string, string> =>
  new Map(
    said.split('\n').flatMap((line) => {
      const [object = '', name] = line.split('\t');
      return name === undefined ? [] : [[name, object]];
    }),
  );

/** The commit that a ref is, and the ref, which may not be given. `refs`: the objects that the server has under {@link refNames}. */
export function commitIn(
  refs: ReadonlyMap<string, string>,
  ref: string | undefined,
): { ref: string; commit: string } | undefined {
  for (const { ref: short, name } of candidatesOf(ref)) {
    // Of a tag with a message, what it names.
    const commit = refs.get(`${name}^{}`) ?? refs.get(name);
    if (commit !== undefined) return { ref: short, commit };
  }
  return undefined;
}
