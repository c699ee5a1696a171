import { openLogWriter } from '../store/log-writer.ts';
import type { Store } from '../store/store.ts';
import type { BuildSink } from './images/engine/image-engine.ts';

/** Keeps what a build or a push says in its run's log of builds, behind what is there. */
export async function withBuildLog<T>(store: Store, run: string, work: (sink: BuildSink) => Promise<T>): Promise<T> {
  const log = await openLogWriter(store, run, 'build');
  // Nobody resumes a build: its next try says all again, behind this.
  const sink: BuildSink = { line: ({ t, m }) => log.line({ t, s: 'stderr', m }, t) };
  try {
    const result = await work(sink);
    await log.flush();
    return result;
  } catch (error) {
    if (error instanceof Error)
      await sink.line({ t: new Date().toISOString(), m: error.message }).catch(() => undefined);
    throw error;
  } finally {
    await log.close();
  }
}
