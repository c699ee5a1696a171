import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Makes `root` the root of an image: a shell and the usual tools, in /bin. `busybox` must be static. */
export async function makeBusyboxRoot(root: string, busybox: string): Promise<void> {
  for (const each of ['bin', 'etc', 'tmp', 'usr/bin']) await mkdir(join(root, each), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
  await copyFile(busybox, join(root, 'bin/busybox'));
  const { stdout } = await execa(busybox, ['--list']);
  for (const tool of stdout.split('\n').filter((name) => name !== 'busybox'))
    await symlink('busybox', join(root, 'bin', tool));
  await symlink('/bin/busybox', join(root, 'usr/bin/env')); // where scripts look for it
}
