import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packDirectory } from '../../store/archive.ts';
import { makeTree, type Tree } from '../../scripts/testbed/trees.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-refusals-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const newDirectory = () => mkdtemp(join(scratch, 'code '));

async function treeAt(tree: Tree): Promise<string> {
  const root = await newDirectory();
  await makeTree(root, tree);
  return root;
}

const refusal = (message: RegExp) => ({ type: 'LaunchRejected', message: expect.stringMatching(message) as string });

test.each([['/etc/passwd'], ['../outside'], ['sub/../../outside'], ['loop/../up']])(
  'a symbolic link to %s is refused by name',
  async (target) => {
    const root = await treeAt({ 'sub/x': '', bad: `-> ${target}` });
    await expect(packDirectory(root)).rejects.toMatchObject(
      refusal(/^bad cannot be packed: .*out of the directory.*\.relaunchignore/),
    );
  },
);

test('a symbolic link whose target is too long is refused for that', async () => {
  const root = await treeAt({ bad: `-> ${'./'.repeat(1_100)}x` });
  await expect(packDirectory(root)).rejects.toMatchObject(
    refusal(/^bad cannot be packed: its target is longer than 2048 bytes/),
  );
});

test('a FIFO and a socket are refused by name, unless they are ignored', async () => {
  const root = await treeAt({ 'train.py': '' });
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(root, 'pipe')]);
  await expect(packDirectory(root)).rejects.toMatchObject(refusal(/^pipe cannot be packed: .*FIFO/));
  await rm(join(root, 'pipe'));
  const server = createServer().listen(join(root, 'sock'));
  await expect(packDirectory(root)).rejects.toMatchObject(refusal(/^sock cannot be packed: .*socket/));
  await writeFile(join(root, '.relaunchignore'), 'sock\n');
  expect((await packDirectory(root)).files).toBe(2);
  server.close();
});

test('a name that is not UTF-8 is refused', async () => {
  const root = await newDirectory();
  await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff])]), '');
  await expect(packDirectory(root)).rejects.toMatchObject(refusal(/UTF-8/));
});

test('too large a tree is refused with its five largest files', async () => {
  const root = await treeAt({ a: '1', b: '22', c: '333', d: '4444', e: '55555', f: '666666' });
  await truncate(join(root, 'f'), 3 * 1_024 * 1_024);
  await expect(packDirectory(root, { maxBytes: 1_024 })).rejects.toMatchObject(
    refusal(/3\.0 MiB of files.*largest: f \(3\.0 MiB\), e .*, d .*, c .*, b .*\. Leave out.*\.relaunchignore/),
  );
});

test('a file that grows while it is packed gives a refusal, not a broken archive', async () => {
  const root = await treeAt({ a: 'x'.repeat(1_000) });
  await writeFile(join(root, 'log'), Buffer.alloc(64 * 1_024 * 1_024));
  const over = new AbortController();
  const writing = (async () => {
    while (!over.signal.aborted) await appendFile(join(root, 'log'), 'more');
  })();
  await expect(packDirectory(root)).rejects.toMatchObject(refusal(/^log changed while it was packed: try again/));
  over.abort();
  await writing;
});

test('what is no directory is refused', async () => {
  await expect(packDirectory(join(scratch, 'missing'))).rejects.toMatchObject(
    refusal(/missing cannot be packed: no such file/),
  );
});
