import { keyOf } from '../../store/layout.ts';
import { isLeaseHeld } from '../../store/lease.ts';
import type { Store } from '../../store/store.ts';
import type { ImageEngine } from './engine/image-engine.ts';
import { imageKeyPattern } from './image-key.ts';
import { tagOf } from './keyed-image.ts';

/** Of each repository, on the engine that made them. */
const mostKept = 20;

/**
 * Takes all but the newest images that were made for a repository from the engine: the registry has them. What a container uses stays, what
 * was not pushed yet, and what somebody else has put there. Nobody fails for what could not be removed: the next push tries again.
 */
export async function removeOldImages(
  engine: Pick<ImageEngine, 'list' | 'remove'>,
  store: Store,
  repository: string,
  signal: AbortSignal,
): Promise<void> {
  const tags = await engine.list(repository, signal).catch(() => []);
  for (const key of tags.filter((tag) => imageKeyPattern.test(tag)).slice(mostKept)) {
    const isAwaited = await isLeaseHeld(store, keyOf.build(key)).catch(() => true);
    if (!isAwaited) await engine.remove(tagOf({ repository, key }), signal).catch(() => undefined);
  }
}
