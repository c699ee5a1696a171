import { readdir, readFile } from 'node:fs/promises';

/** The command lines of this machine's processes that have this word, those in containers included. */
export async function commandLinesWith(word: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(word));
}
