import { wrongTarget } from '../../../store/archive-rules.ts';
import { tarHeader, tarPadding } from '../../../store/tar-blocks.ts';
import type { GitRepository } from './repository.ts';
import { notPacked, type GitFile } from './tree.ts';

/** Files of a repository as they stand in a tar: content for content as they were committed. @throws RelaunchError LaunchRejected */
export async function* blocksOf(repository: GitRepository, files: readonly GitFile[]): AsyncGenerator<Uint8Array> {
  if (files.length === 0) return;
  const wanted = files.map(({ object }) => `${object}\n`).join('');
  const objects = new ObjectReader(repository.read(['cat-file', '--batch'], wanted));
  try {
    for (const file of files) {
      await objects.begin(file);
      if (file.kind === 'link') yield await linkOf(repository, file, objects);
      else yield* fileOf(file, objects);
      await objects.end();
    }
  } finally {
    await objects.close();
  }
}

async function* fileOf({ path, kind, sizeBytes: size }: GitFile, objects: ObjectReader): AsyncGenerator<Uint8Array> {
  yield tarHeader({ path, mode: kind === 'program' ? 0o755 : 0o644, size, type: 'File' });
  yield* objects.content(size);
  yield tarPadding(size);
}

/** Longer ones no system has. */
const longestTarget = 4_096;

async function linkOf(
  repository: GitRepository,
  { path, sizeBytes }: GitFile,
  objects: ObjectReader,
): Promise<Uint8Array> {
  if (sizeBytes > longestTarget) throw notPacked(repository, path, 'it is a symbolic link to a name that is too long');
  const linkpath = Buffer.concat(await Array.fromAsync(objects.content(sizeBytes))).toString();
  const wrong = wrongTarget(path, linkpath, JSON.stringify(linkpath));
  if (wrong !== undefined) throw notPacked(repository, path, wrong);
  return tarHeader({ path, linkpath, mode: 0o755, size: 0, type: 'SymbolicLink' });
}

/** What `git cat-file --batch` writes: `<object> <type> <size>`, the content, a newline. @see https://git-scm.com/docs/git-cat-file#_batch_output */
class ObjectReader {
  readonly #chunks: AsyncGenerator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stdout: AsyncGenerator<Buffer>) {
    this.#chunks = stdout;
  }

  /** Goes to the content of the next object. */
  async begin({ object, sizeBytes }: GitFile): Promise<void> {
    while (!this.#rest.includes(10)) this.#rest = Buffer.concat([this.#rest, await this.#more()]);
    const end = this.#rest.indexOf(10);
    const header = this.#rest.toString('utf8', 0, end);
    this.#rest = this.#rest.subarray(end + 1);
    if (header !== `${object} blob ${String(sizeBytes)}`) throw new Error(`git says ${header} of ${object}`);
  }

  async *content(sizeBytes: number): AsyncGenerator<Buffer> {
    for (let left = sizeBytes; left > 0;) {
      if (this.#rest.length === 0) this.#rest = await this.#more();
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  /** Goes behind it. */
  async end(): Promise<void> {
    await this.content(1).next();
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }

  async #more(): Promise<Buffer> {
    const next = await this.#chunks.next();
    if (next.done === true) throw new Error('git ended in the middle of an object');
    return next.value;
  }
}
