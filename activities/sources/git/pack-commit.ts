import { packTar } from '../../../store/archive.ts';
import { mostEntries } from '../../../store/archive-rules.ts';
import { checkSize } from '../../../store/code-files.ts';
import { tarEnd, tarHeader } from '../../../store/tar-blocks.ts';
import { blocksOf } from './contents.ts';
import { rejectedSource } from './failures.ts';
import type { GitRepository } from './repository.ts';
import { submodulesOf } from './submodules.ts';
import { treeOf, type GitFile } from './tree.ts';

interface PackOptions {
  /** A repository, in a directory of this name. */
  open: (url: string, name: string) => Promise<GitRepository>;
  /** Of all files. */
  maxBytes: number;
}

/** Files with the repository that they are from. */
interface Part {
  repository: GitRepository;
  files: GitFile[];
}

/** Each is a fetch. */
const mostSubmodules = 100;
const deepestSubmodule = 10;

/** A commit as an archive of code: what a directory with the same files is packed to. @throws RelaunchError LaunchRejected, SourceUnavailable */
export async function packCommit(
  repository: GitRepository,
  { commit, submodules = false }: { commit: string; submodules?: boolean | undefined },
  { open, maxBytes }: PackOptions,
): Promise<{ digest: string; bytes: Uint8Array }> {
  const parts: Part[] = [];
  let opened = 0;
  const add = async (from: GitRepository, at: string, under: string, depth: number): Promise<void> => {
    await from.fetch(at);
    const tree = await treeOf(from, at, under);
    parts.push({ repository: from, files: tree.files });
    checkAll(repository, parts, maxBytes);
    if (!submodules) return;
    for (const { path, url, commit: theirs } of await submodulesOf(from, tree, under)) {
      if (++opened > mostSubmodules || depth > deepestSubmodule)
        throw rejectedSource(
          `${repository.url} has more than ${String(mostSubmodules)} submodules, or within each other more than ${String(deepestSubmodule)}`,
        );
      await add(await open(url, `submodule-${String(opened)}`), theirs, `${path}/`, depth + 1);
    }
  };
  await add(repository, commit, '', 1);
  return packTar(tarOf(parts));
}

function checkAll({ url }: GitRepository, parts: readonly Part[], maxBytes: number): void {
  const files = parts.flatMap((part) => part.files);
  if (files.length > mostEntries)
    throw rejectedSource(`${url} has more than ${String(mostEntries)} files: no more can be packed`);
  checkSize(url, files, maxBytes, 'Launch from a repository without them');
}

async function* tarOf(parts: readonly Part[]): AsyncGenerator<Uint8Array> {
  // Readers take an archive without any entry for a damaged one.
  if (parts.every(({ files }) => files.length === 0))
    yield tarHeader({ path: './', mode: 0o755, size: 0, type: 'Directory' });
  for (const { repository, files } of parts) yield* blocksOf(repository, files);
  yield tarEnd();
}
