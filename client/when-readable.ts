import { RelaunchError } from '../contracts/failures.ts';
import type { Store } from '../store/store.ts';

/**
 * Does something with what is in the store, where that can be read from here. Answers what is left to the agents, in words. `what`: of
 * the store, `check`: what an agent does instead.
 */
export async function whenReadable(
  store: Store,
  { what, check }: { what: string; check: string },
  work: () => Promise<void>,
): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof RelaunchError) || error.type !== 'StoreUnavailable') throw error;
    return [`the ${what} in ${store.url} cannot be read from here: an agent checks ${check} (${error.message})`];
  }
}
