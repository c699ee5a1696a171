import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Takes away everything that is mounted below these directories. Answers what is still there. */
export async function unmountBelow(...directories: string[]): Promise<string[]> {
  for (const path of await mountsBelow(directories)) await execa('umount', ['--lazy', path], { reject: false });
  return mountsBelow(directories);
}

/** The innermost first. */
async function mountsBelow(directories: readonly string[]): Promise<string[]> {
  const lines = (await readFile('/proc/mounts', 'utf8')).split('\n');
  const paths = lines.map((line) => unescaped(line.split(' ')[1] ?? ''));
  return paths
    .filter((path) => directories.some((directory) => path.startsWith(`${directory}/`)))
    .sort()
    .reverse();
}

/** The kernel writes blanks as octal numbers. */
const unescaped = (path: string): string =>
  path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
