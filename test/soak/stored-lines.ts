import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../support/cluster.ts';

/** Where the store's objects are. */
export const storeOf = ({ relaunch }: Cluster): string => fileURLToPath(relaunch.settings.storeUrl);

/** What an attempt wrote to stdout, as it lies in the store's files. A shell says on stderr that its `sleep` was terminated. */
export async function storedLines(cluster: Cluster, run: string, attempt: number): Promise<string[]> {
  const directory = join(storeOf(cluster), 'runs', run, 'attempts', String(attempt), 'log');
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { s: string; m: string })
      .filter(({ s }) => s === 'stdout')
      .map(({ m }) => m),
  );
}
