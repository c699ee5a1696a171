import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LogLine } from '../../store/log-format.ts';
import { readLogs, readMetrics } from '../../store/log-reader.ts';
import type { MetricPoint } from '../../store/metrics.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';

export const run = 'run-1';
export const attempt = 1;

/** So long that no timer of a writer fires in a test that does not want it. */
export const never = { maxWaitMs: 100_000_000 };

/** Empty stores in a directory that `remove` removes. */
export async function logScratch(): Promise<{ newStore: () => Promise<Store>; remove: () => Promise<void> }> {
  const scratch = await mkdtemp(join(tmpdir(), 'relaunch-logs-'));
  return {
    newStore: async () => openStore(pathToFileURL(await mkdtemp(join(scratch, 'store-'))).href),
    remove: () => rm(scratch, { recursive: true, force: true }),
  };
}

export const out = (m: string, i = 0): Omit<LogLine, 'cursor'> => ({
  t: new Date(i * 1_000).toISOString(),
  s: 'stdout',
  m,
});

export const storedLines = (store: Store): Promise<LogLine[]> => Array.fromAsync(readLogs(store, run, attempt));

export const storedText = async (store: Store): Promise<string[]> => (await storedLines(store)).map(({ m }) => m);

export const storedMetrics = (store: Store): Promise<MetricPoint[]> =>
  Array.fromAsync(readMetrics(store, run, attempt));
